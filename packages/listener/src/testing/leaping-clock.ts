// Loaded before a program (`--import file:///…/leaping-clock.ts?ahead=FILE`): has its clocks leap, for stories that would
// take an hour. The file says how far its clocks are ahead of the machine's; the program itself knows nothing of it.
import { readFileSync } from 'node:fs';
import { syncBuiltinESMExports } from 'node:module';
import timers from 'node:timers/promises';

/** `elapsedMs` passes for all clocks and for timers; `wallMs` is a wall clock that was set. */
export interface Ahead {
  elapsedMs: number;
  wallMs: number;
}

const LOOK_MS = 10;

const machine = {
  now: Date.now.bind(Date),
  elapsed: performance.now.bind(performance),
  setTimeout: globalThis.setTimeout,
  setInterval: globalThis.setInterval,
  clearTimeout: globalThis.clearTimeout,
};

const file = new URL(import.meta.url).searchParams.get('ahead') ?? '';
let ahead: Ahead = { elapsedMs: 0, wallMs: 0 };

const elapsed = (): number => machine.elapsed() + ahead.elapsedMs;

const pending = new Set<LeapingTimer>();

/** What `setTimeout` gives, as far as programs use it. */
class LeapingTimer {
  readonly #run: () => void;
  readonly #ms: number;
  #dueAt = 0;
  #timer: NodeJS.Timeout | undefined;
  #holdsProcess = true;

  constructor(run: () => void, ms: number) {
    this.#run = run;
    this.#ms = ms;
    this.refresh();
  }

  refresh(): this {
    this.#dueAt = elapsed() + this.#ms;
    pending.add(this);
    this.arm();
    return this;
  }

  /** So long as is left by the clock as it is now. */
  arm(): void {
    machine.clearTimeout(this.#timer);
    this.#timer = machine.setTimeout(() => {
      pending.delete(this);
      this.#run();
    }, this.#dueAt - elapsed());
    if (!this.#holdsProcess) this.#timer.unref();
  }

  close(): void {
    pending.delete(this);
    machine.clearTimeout(this.#timer);
  }

  ref(): this {
    this.#holdsProcess = true;
    this.#timer?.ref();
    return this;
  }

  unref(): this {
    this.#holdsProcess = false;
    this.#timer?.unref();
    return this;
  }

  hasRef(): boolean {
    return this.#holdsProcess;
  }
}

function look(): void {
  let found: Ahead;
  try {
    found = JSON.parse(readFileSync(file, 'utf8')) as Ahead;
  } catch {
    // Not there yet, or half written.
    return;
  }
  const isLater = found.elapsedMs > ahead.elapsedMs;
  ahead = found;
  if (isLater) for (const timer of pending) timer.arm();
}

Object.assign(globalThis, {
  setTimeout: <Args extends unknown[]>(run: (...args: Args) => void, ms = 0, ...args: Args) =>
    new LeapingTimer(() => {
      run(...args);
    }, ms),
  clearTimeout: (timer: unknown) => {
    if (timer instanceof LeapingTimer) timer.close();
    else machine.clearTimeout(timer as NodeJS.Timeout | undefined);
  },
});
/** As that of Node, which knows nothing of ours. */
const leapingSleep = <T>(ms = 0, value?: T, { signal }: { signal?: AbortSignal } = {}) =>
  new Promise<T | undefined>((resolve, reject) => {
    signal?.throwIfAborted();
    const timer = new LeapingTimer(() => {
      signal?.removeEventListener('abort', abort);
      resolve(value);
    }, ms);
    const abort = (): void => {
      timer.close();
      reject(signal?.reason as Error);
    };
    signal?.addEventListener('abort', abort, { once: true });
  });
Object.assign(timers, { setTimeout: leapingSleep });
syncBuiltinESMExports();

Date.now = () => machine.now() + ahead.elapsedMs + ahead.wallMs;
performance.now = elapsed;
machine.setInterval(look, LOOK_MS).unref();
