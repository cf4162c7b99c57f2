// What this process knows of its runners and need not ask again. To lose it costs a read, never a runner.
import type { EphemeralRunner } from '@muster/api';
import type { Jit } from './plan.ts';

export interface Recollection {
  /** What we wrote to the JIT Secret a moment ago. */
  jit?: { value: Jit; until: number };
  /** GitHub said that the runner is gone there. */
  deregisteredAt: number | undefined;
  /** What took its pod away, as the pod last said. */
  fate?: string;
}

/** By key; an entry of an earlier runner of the same name is dropped. */
export class Memory {
  readonly #entries = new Map<string, Recollection & { uid: string }>();

  of(runner: EphemeralRunner): Recollection {
    const key = keyOf(runner);
    const known = this.#entries.get(key);
    if (known?.uid === runner.metadata.uid) return known;
    const fresh = { uid: runner.metadata.uid, deregisteredAt: undefined };
    this.#entries.set(key, fresh);
    return fresh;
  }

  forget(key: string): void {
    this.#entries.delete(key);
  }
}

const keyOf = ({ metadata }: EphemeralRunner): string => `${metadata.namespace}/${metadata.name}`;
