// What GitHub last said of lost jobs. To lose it costs a request, never a second re-run.
import type { AutoscalingRunnerSet } from '@muster/api';
import type { Look } from './plan.ts';

/** By key; an entry of an earlier runner set of the same name is dropped. */
export class Memory {
  readonly #entries = new Map<string, { uid: string; looks: Map<string, Look> }>();

  /** By the names of their runners. */
  of({ metadata: { namespace, name, uid } }: AutoscalingRunnerSet): Map<string, Look> {
    const key = `${namespace}/${name}`;
    const known = this.#entries.get(key);
    if (known?.uid === uid) return known.looks;
    const looks = new Map<string, Look>();
    this.#entries.set(key, { uid, looks });
    return looks;
  }

  forget(key: string): void {
    this.#entries.delete(key);
  }
}
