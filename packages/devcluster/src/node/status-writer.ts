// Writes a pod's status: one patch at a time, only when it differs, never giving up while the pod lives.
import type { NodeApi } from './api.ts';
import { podPath } from './api.ts';
import { sleep } from './clock.ts';
import type { Clock } from './clock.ts';
import type { Pod, PodStatus } from './pod.ts';

const RETRY_MS = 500;

interface Input {
  api: NodeApi;
  clock: Clock;
  at: Pod['metadata'];
  /** The status as it is now. */
  current(): PodStatus;
  /** The pod as the API holds it after a patch. */
  written(pod: Pod): void;
  signal: AbortSignal;
}

export class StatusWriter {
  readonly #input: Input;
  #last = '';
  #writing: Promise<void> | undefined;

  constructor(input: Input) {
    this.#input = input;
  }

  /** Something may have changed. What changes in the same turn goes out as one patch. */
  changed(): void {
    this.#writing ??= this.#write().finally(() => {
      this.#writing = undefined;
    });
  }

  /** Resolves when the API has the present status, or cannot have it any more. */
  async flush(): Promise<void> {
    this.changed();
    while (this.#writing !== undefined) await this.#writing;
  }

  async #write(): Promise<void> {
    const { api, at, clock, signal } = this.#input;
    const path = podPath(at.namespace, at.name, 'status');
    await new Promise((resolve) => setImmediate(resolve));
    while (!signal.aborted) {
      const status = this.#input.current();
      const text = comparable(status);
      if (text === this.#last) return;
      try {
        // The uid keeps us from writing onto a later pod of the same name.
        const pod = await api.patch(path, { metadata: { uid: at.uid }, status });
        this.#last = text;
        if (pod === undefined) return;
        this.#input.written(pod as Pod);
      } catch {
        await sleep(clock, RETRY_MS, signal);
      }
    }
  }
}

/** Conditions get their times when they are written, so those say nothing of a change. */
const comparable = (status: PodStatus): string =>
  JSON.stringify(status, (key, value: unknown) => (key === 'lastTransitionTime' ? null : value));
