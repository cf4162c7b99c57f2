// Follows one list of the server for ever, as a state machine: list, watch, resume, back off.
import { isKubeError, KubeError } from './errors.ts';
import { sleep } from './sleep.ts';
import { wentBack } from './version.ts';
import type { Kind, KubeObject } from './object.ts';
import type { Clock, KubeClient, Log, Selection, WatchEvent } from './types.ts';

/** What is told of the list. */
export interface Follower<T> {
  /** A whole list, the first or a new one. */
  listed(items: T[]): void;
  changed(event: Exclude<WatchEvent<T>, { type: 'BOOKMARK' }>): void;
  /** The server said something. */
  heard(): void;
  /** Something failed, and is begun anew. */
  restarted(): void;
}

export interface FollowOptions<T extends KubeObject> {
  client: KubeClient;
  kind: Kind<T>;
  selection: Selection;
  follower: Follower<T>;
  clock: Clock;
  log: Log;
}

type State =
  | { is: 'listing' }
  | { is: 'watching'; from: string }
  | { is: 'backing-off'; ms: number; then: State };

const LISTING: State = { is: 'listing' };
const BASE_MS = 100;
const MAX_MS = 30_000;
// Servers send a bookmark a minute, so that more than two are missing by then.
const SILENCE_MS = 150_000;
// A watch that lived this long was a working one, though it may have had nothing to tell.
const WORKING_MS = 5_000;
const WARN_EVERY_MS = 60_000;

export async function follow<T extends KubeObject>(
  options: FollowOptions<T>,
  signal: AbortSignal,
): Promise<void> {
  const following = new Following(options, signal);
  let state = LISTING;
  while (!signal.aborted) state = await following.next(state);
}

class Following<T extends KubeObject> {
  readonly #options: FollowOptions<T>;
  readonly #signal: AbortSignal;
  #failures = 0;
  #warnedAt: number | undefined;

  constructor(options: FollowOptions<T>, signal: AbortSignal) {
    this.#options = options;
    this.#signal = signal;
  }

  /** Lives through the state, and returns the one after it. */
  async next(state: State): Promise<State> {
    switch (state.is) {
      case 'listing':
        return this.#list();
      case 'watching':
        return this.#watch(state.from);
      case 'backing-off':
        await sleep(state.ms, { clock: this.#options.clock, signal: this.#signal });
        return state.then;
    }
  }

  async #list(): Promise<State> {
    const { client, kind, selection, follower } = this.#options;
    try {
      const { items, resourceVersion } = await client.list(kind, {
        ...selection,
        signal: this.#signal,
      });
      follower.heard();
      follower.listed(items);
      return { is: 'watching', from: resourceVersion };
    } catch (error) {
      return this.#backOff(error, LISTING);
    }
  }

  async #watch(from: string): Promise<State> {
    const { clock, follower } = this.#options;
    const startedAt = clock.elapsed();
    const silence = silenceOf(clock, this.#signal);
    let version = from;
    try {
      for await (const event of this.#events(from, silence.signal)) {
        silence.broken();
        follower.heard();
        this.#recovered();
        version = this.#take(event, version);
      }
      const worked = version !== from || clock.elapsed() - startedAt >= WORKING_MS;
      if (worked) return { is: 'watching', from: version };
      // A server that ends watches at once would otherwise be asked without a pause.
      return this.#backOff(new Error('the watch ended at once'), { is: 'watching', from });
    } catch (error) {
      if (clock.elapsed() - startedAt >= WORKING_MS) this.#failures = 0;
      return this.#afterWatchError(error, version);
    } finally {
      silence.release();
    }
  }

  #events(resourceVersion: string, signal: AbortSignal): AsyncIterable<WatchEvent<T>> {
    const { client, kind, selection } = this.#options;
    return client.watch(kind, { ...selection, resourceVersion, signal });
  }

  #take(event: WatchEvent<T>, from: string): string {
    const { resourceVersion } = event.type === 'BOOKMARK' ? event : event.object.metadata;
    // Etcd from a backup, a dev cluster begun anew: what is held here may never have been there.
    if (wentBack(resourceVersion, from)) {
      throw new KubeError('expired', `the server went back from ${from} to ${resourceVersion}`);
    }
    if (event.type !== 'BOOKMARK') this.#options.follower.changed(event);
    return resourceVersion;
  }

  #afterWatchError(error: unknown, version: string): State {
    if (!isKubeError(error, 'expired')) {
      return this.#backOff(error, { is: 'watching', from: version });
    }
    // The version is forgotten: only a new list helps, and it helps at once, unless it just did not.
    this.#options.follower.restarted();
    this.#failures += 1;
    return this.#failures > 1 ? { is: 'backing-off', ms: this.#pauseMs(), then: LISTING } : LISTING;
  }

  #pauseMs(): number {
    const ms = Math.min(MAX_MS, BASE_MS * 2 ** (this.#failures - 1));
    return ms * (0.5 + Math.random() / 2);
  }

  #backOff(error: unknown, then: State): State {
    if (this.#signal.aborted) return then;
    this.#failures += 1;
    this.#options.follower.restarted();
    this.#warn(error);
    const atLeastMs = isKubeError(error) ? (error.retryAfterMs ?? 0) : 0;
    return { is: 'backing-off', ms: Math.max(atLeastMs, this.#pauseMs()), then };
  }

  // An outage of an hour is one warning a minute, not one a try. A single broken watch is daily life.
  #warn(error: unknown): void {
    const { log, clock, kind, selection } = this.#options;
    const fields = { kind: kind.kind, namespace: selection.namespace, error };
    const quiet = this.#warnedAt !== undefined && clock.elapsed() - this.#warnedAt < WARN_EVERY_MS;
    if (quiet || this.#failures < 2) {
      log.debug('the watch is begun anew', fields);
      return;
    }
    this.#warnedAt = clock.elapsed();
    log.warn('the cache cannot follow the server', fields);
  }

  #recovered(): void {
    this.#failures = 0;
    if (this.#warnedAt === undefined) return;
    this.#warnedAt = undefined;
    this.#options.log.info('the cache follows the server again', { kind: this.#options.kind.kind });
  }
}

interface Silence {
  /** Aborts with the signal it was made from, or after a long silence. */
  signal: AbortSignal;
  broken(): void;
  release(): void;
}

function silenceOf(clock: Clock, outer: AbortSignal): Silence {
  const controller = new AbortController();
  const stop = (): void => {
    controller.abort();
  };
  let heardAt = clock.elapsed();
  let cancel = (): void => undefined;
  const look = (): void => {
    const leftMs = heardAt + SILENCE_MS - clock.elapsed();
    if (leftMs > 0) cancel = clock.setTimeout(look, leftMs);
    else stop();
  };
  look();
  outer.addEventListener('abort', stop, { once: true });
  return {
    signal: controller.signal,
    broken() {
      heardAt = clock.elapsed();
    },
    release() {
      cancel();
      outer.removeEventListener('abort', stop);
    },
  };
}
