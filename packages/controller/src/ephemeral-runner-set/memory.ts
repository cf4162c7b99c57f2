// What this process knows of its sets and need not ask again. To lose it costs a request, never a runner.
import type { EphemeralRunnerSet } from '@muster/api';
import type { Census } from './census.ts';

export interface Recollection {
  reportedAt?: number;
  /** What GitHub said of its idle runners. */
  census?: Census;
  /** The proxy Secret that was found to be right. */
  proxy?: { hash: string; until: number };
}

/** By key; an entry of an earlier set of the same name is dropped. */
export class Memory {
  readonly #entries = new Map<string, Recollection & { uid: string }>();

  of({ metadata: { namespace, name, uid } }: EphemeralRunnerSet): Recollection {
    const key = `${namespace}/${name}`;
    const known = this.#entries.get(key);
    if (known?.uid === uid) return known;
    const fresh: Recollection & { uid: string } = { uid };
    this.#entries.set(key, fresh);
    return fresh;
  }

  forget(key: string): void {
    this.#entries.delete(key);
  }
}
