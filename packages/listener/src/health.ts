// What a kubelet is told. Healthy: every loop comes round. Ready: every set is listened for.
import type { Page } from '@muster/kube';
import type { Watch } from './deps.ts';
import type { Standing } from './standing.ts';

// An idle poll is held for some 50 s.
const HOLDING_MS = 50_000;
const PATIENCE_MS = 3 * HOLDING_MS;

export interface Health {
  /** Begins to watch a loop, by the name that people know it by. */
  watch(name: string): Watch;
  forget(name: string): void;
  healthy: () => Page;
  ready: () => Page;
}

interface Watched {
  standing: Standing;
  /** By when it should have come round again. */
  dueAt: number;
}

/** `elapsedMs` is a clock that never jumps: neither a leap of the wall clock nor sleep is illness. */
export function createHealth(elapsedMs: () => number): Health {
  const loops = new Map<string, Watched>();
  const page = (troubles: readonly string[]): Page =>
    troubles.length === 0
      ? { body: 'ok\n' }
      : { status: 503, body: troubles.map((trouble) => `${trouble}\n`).join('') };
  return {
    watch(name) {
      const watched: Watched = {
        standing: { state: 'starting', reason: 'it has not heard of GitHub yet' },
        dueAt: elapsedMs() + PATIENCE_MS,
      };
      loops.set(name, watched);
      return {
        stands: (standing) => {
          watched.standing = standing;
        },
        turned: (restMs) => {
          watched.dueAt = elapsedMs() + restMs + PATIENCE_MS;
        },
      };
    },
    forget: (name) => {
      loops.delete(name);
    },
    healthy: () =>
      page(
        [...loops].flatMap(([name, { dueAt }]) => {
          const silentMs = elapsedMs() - dueAt + PATIENCE_MS;
          if (silentMs <= PATIENCE_MS) return [];
          return [`${name}: no poll has ended for ${Math.round(silentMs / 1000)} s`];
        }),
      ),
    ready: () =>
      page(
        loops.size === 0
          ? ['no set is listened for yet']
          : [...loops].flatMap(
              ([
                name,
                {
                  standing: { state, reason },
                },
              ]) => (state === 'listening' ? [] : [`${name}: ${state}: ${reason}`]),
            ),
      ),
  };
}
