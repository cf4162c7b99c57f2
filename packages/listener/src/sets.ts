// The loops of this process, one a scale set. What is wrong with one touches no other.
import { contentHash } from '@muster/api';
import { isActionsError } from '@muster/actions';
import { backoffMs } from './backoff.ts';
import { pause } from './deps.ts';
import { listen } from './listen.ts';
import { misconfigured } from './misconfigured.ts';
import type { ListenedScaleSet } from '@muster/api';
import type { Deps } from './deps.ts';
import type { Health } from './health.ts';

export interface Sets {
  /** Listens for these and no others. Resolves once those that are not wanted have ended. */
  want(sets: readonly ListenedScaleSet[]): Promise<void>;
  /** Resolves when every loop has been replaced by another process's: this one is of no more use. */
  readonly replaced: Promise<void>;
  /** Ends all. */
  stop(): Promise<void>;
}

/** What GitHub is reached with; shared by the sets that reach it in the same way. */
export interface Reach {
  actions: Deps['actions'];
  release: () => Promise<void>;
}

export interface SetsParts extends Omit<Deps, 'actions' | 'watch'> {
  /** Throws an ActionsError for what cannot work. */
  reach(set: ListenedScaleSet): Reach;
  health: Health;
}

interface Running {
  content: string;
  stop: AbortController;
  ended: Promise<'stopped' | 'replaced'>;
}

// A loop that throws has met a defect of ours.
const RESTART = { firstMs: 1_000, maxMs: 60_000 };

const nameOf = (set: ListenedScaleSet): string => `${set.setNamespace}/${set.setName}`;

export function createSets(parts: SetsParts): Sets {
  const running = new Map<string, Running>();
  const { promise: replaced, resolve: becomeUseless } = Promise.withResolvers<undefined>();

  const start = (set: ListenedScaleSet): void => {
    const name = nameOf(set);
    const stop = new AbortController();
    const one: Running = {
      content: contentHash(set),
      stop,
      ended: keepUp(set, parts, stop.signal),
    };
    running.set(name, one);
    void one.ended.then((outcome) => {
      parts.log.info('listens no longer', { set: set.setName, because: outcome });
      if (running.get(name) !== one) return;
      running.delete(name);
      if (outcome === 'replaced' && running.size === 0) becomeUseless(undefined);
    });
  };
  const end = async ([name, one]: [string, Running]): Promise<void> => {
    one.stop.abort();
    await one.ended;
    if (running.get(name) === one) running.delete(name);
  };

  let changing: Promise<unknown> = Promise.resolve();
  const change = (sets: readonly ListenedScaleSet[]): Promise<void> => {
    const next = changing.then(async () => {
      const contents = new Map(sets.map((set) => [nameOf(set), contentHash(set)]));
      const over = [...running].filter(([name, { content }]) => contents.get(name) !== content);
      const fresh = sets.filter((set) => running.get(nameOf(set))?.content !== contentHash(set));
      const changed = new Set(fresh.map(nameOf));
      // A set whose settings changed listens again as soon as its old loop has ended.
      await Promise.all(
        over.map(async (old) => {
          await end(old);
          if (!changed.has(old[0])) forget(old[0], parts);
        }),
      );
      fresh.forEach(start);
    });
    changing = next;
    return next;
  };
  return { want: change, replaced, stop: () => change([]) };
}

function forget(name: string, { health, metrics }: SetsParts): void {
  const [setNamespace = '', setName = ''] = name.split('/');
  health.forget(name);
  metrics.forget({ setNamespace, setName });
}

/** Listens, and begins again after a defect of ours. */
async function keepUp(
  set: ListenedScaleSet,
  parts: SetsParts,
  signal: AbortSignal,
): Promise<'stopped' | 'replaced'> {
  const { clock, log, random, health } = parts;
  const watch = health.watch(nameOf(set));
  for (let failures = 1; ; failures += 1) {
    try {
      return await listenOnce(set, { ...parts, watch }, signal);
    } catch (error) {
      log.error('a loop failed; it begins again', { set: set.setName, error });
      const restMs = backoffMs(failures, RESTART, random());
      watch.turned(restMs);
      await pause(clock, restMs, signal);
      if (signal.aborted) return 'stopped';
    }
  }
}

async function listenOnce(
  set: ListenedScaleSet,
  parts: SetsParts & Pick<Deps, 'watch'>,
  signal: AbortSignal,
): Promise<'stopped' | 'replaced'> {
  let reach: Reach;
  try {
    reach = parts.reach(set);
  } catch (error) {
    if (!isActionsError(error)) throw error;
    return misconfigured(set, { ...parts, error }, signal);
  }
  try {
    return await listen(set, { ...parts, actions: reach.actions }, signal);
  } finally {
    await reach.release();
  }
}
