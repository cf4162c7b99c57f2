// What this process knows of its runner sets and need not ask again. To lose it costs a request, and nothing else.
import type { AutoscalingRunnerSet } from '@muster/api';
import type { Verdict } from './template.ts';

export interface Recollection {
  /** Of the template with this hash. */
  judged?: { template: string; verdict: Verdict; at: number };
  /** When GitHub was last asked whether it still has the scale set. */
  lookedForAt?: number;
}

/** By key; an entry of an earlier runner set of the same name is dropped. */
export class Memory {
  readonly #entries = new Map<string, Recollection & { uid: string }>();

  of({ metadata: { namespace, name, uid } }: AutoscalingRunnerSet): Recollection {
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
