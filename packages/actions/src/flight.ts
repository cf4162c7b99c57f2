import { abortable, abortedError } from './abort.ts';

interface Running<T> {
  result: Promise<T>;
  controller: AbortController;
  waiting: number;
}

/** One run for all who ask while it is under way. It is ended when the last of them has given up. */
export class Flight<T> {
  #running: Running<T> | undefined;

  async join(
    run: (signal: AbortSignal) => Promise<T>,
    signal: AbortSignal | undefined,
  ): Promise<T> {
    // A caller that is gone already starts nothing.
    if (signal?.aborted) throw abortedError(signal);
    const running = (this.#running ??= this.#start(run));
    running.waiting += 1;
    try {
      return await abortable(running.result, signal);
    } finally {
      running.waiting -= 1;
      if (running.waiting === 0) this.#end(running);
    }
  }

  #start(run: (signal: AbortSignal) => Promise<T>): Running<T> {
    const controller = new AbortController();
    return { result: run(controller.signal), controller, waiting: 0 };
  }

  #end(running: Running<T>): void {
    running.controller.abort();
    if (this.#running === running) this.#running = undefined;
  }
}
