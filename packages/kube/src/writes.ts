// What a run of a key has written, and whether the caches show it yet.
import { titleOf } from './paths.ts';
import { sleep } from './sleep.ts';
import { trackedClient } from './tracked.ts';
import { isAtLeast } from './version.ts';
import type { At, Kind, KubeObject, Metadata } from './object.ts';
import type { Expected } from './tracked.ts';
import type { Cache, Change, Clock, KubeClient } from './types.ts';

interface Expectation {
  cache: Cache<KubeObject>;
  at: At;
  expected: Expected;
}

/** What one run wrote. */
export interface PassWrites {
  /** The client that the run is to use. */
  readonly client: KubeClient;
  /** Resolves once the caches show all of it; tells what they do not show after a while. */
  settled(onLate: (titles: string[]) => void): Promise<void>;
}

export interface WritesOptions {
  client: KubeClient;
  caches: readonly Cache<KubeObject>[];
  clock: Clock;
}

const LOOK_EVERY_MS = 10_000;
/** A server that is slow to tell is not to be asked a thousand things. */
const ASKED_AT_ONCE = 8;
/** As client-go waits for what its controllers expect. */
const PATIENCE_MS = 300_000;

const placeOf = ({ apiVersion, plural }: Kind, { namespace = '', name }: At): string =>
  `${apiVersion}/${plural}/${namespace}/${name}`;

// Enough to outlast the way of an answer that is slower than its own watch event.
const REMEMBERED_DELETIONS = 10_000;

/** The uids deleted last; two halves, so that forgetting costs nothing. */
class RecentDeletions {
  #newer = new Set<string>();
  #older = new Set<string>();

  add(uid: string): void {
    if (this.#newer.size >= REMEMBERED_DELETIONS) {
      this.#older = this.#newer;
      this.#newer = new Set();
    }
    this.#newer.add(uid);
  }

  has(uid: string): boolean {
    return this.#newer.has(uid) || this.#older.has(uid);
  }
}

export class Writes {
  readonly #options: WritesOptions;
  readonly #caches: ReadonlyMap<string, Cache<KubeObject>>;
  readonly #deleted = new RecentDeletions();
  /** Who wants to hear of a place. */
  readonly #waiting = new Map<string, Set<() => void>>();
  readonly #unsubscribe: (() => void)[];

  constructor(options: WritesOptions) {
    this.#options = options;
    this.#caches = new Map(
      options.caches.map((cache) => [placeOf(cache.kind, { name: '' }), cache]),
    );
    this.#unsubscribe = options.caches.map((cache) =>
      cache.onChange((change: Change<KubeObject>) => {
        this.#hear(cache.kind, change);
      }),
    );
  }

  begin(signal: AbortSignal): PassWrites {
    const expectations = new Map<string, Expectation>();
    const inFlight = new Set<Promise<unknown>>();
    const track = <R>(call: Promise<R>): Promise<R> => {
      inFlight.add(call);
      return call;
    };
    const expect = (kind: Kind, at: At, expected: Expected): void => {
      const cache = this.#caches.get(placeOf(kind, { name: '' }));
      // The last write of an object is the one to be seen.
      if (cache !== undefined) expectations.set(placeOf(kind, at), { cache, at, expected });
    };
    return {
      client: trackedClient(this.#options.client, { track, expect, covers: this.#covers }),
      settled: async (onLate) => {
        // An act that failed may have left other writes on their way.
        await Promise.allSettled(inFlight);
        await this.#whenAllMet([...expectations.values()], { signal, onLate });
      },
    };
  }

  stop(): void {
    for (const unsubscribe of this.#unsubscribe) unsubscribe();
  }

  readonly #covers = (kind: Kind, object: { metadata: Metadata }): boolean =>
    this.#caches.get(placeOf(kind, { name: '' }))?.covers?.(object) ?? true;

  #hear(kind: Kind, { type, object: { metadata } }: Change<KubeObject>): void {
    if (type === 'deleted') this.#deleted.add(metadata.uid);
    for (const look of this.#waiting.get(placeOf(kind, metadata)) ?? []) look();
  }

  /** A run on what is known to be old would do things twice, so the wait is long, and ends early for what cannot show. */
  async #whenAllMet(
    wanted: readonly Expectation[],
    { signal, onLate }: { signal: AbortSignal; onLate: (titles: string[]) => void },
  ): Promise<void> {
    const isStopped = (): boolean => signal.aborted;
    let unmet = wanted.filter((one) => !this.#isMet(one));
    for (let waitedMs = 0; unmet.length > 0 && !isStopped(); waitedMs += LOOK_EVERY_MS) {
      if (waitedMs === LOOK_EVERY_MS) onLate(unmet.map(({ cache, at }) => titleOf(cache.kind, at)));
      if (waitedMs >= PATIENCE_MS) return;
      await Promise.all(unmet.map((one) => this.#whenMet(one, signal)));
      unmet = unmet.filter((one) => !this.#isMet(one));
      if (isStopped()) return;
      const asked = unmet.slice(0, ASKED_AT_ONCE);
      const isPast = await Promise.all(asked.map((one) => this.#isPast(one)));
      unmet = unmet.filter((_, index) => isPast[index] !== true);
    }
  }

  /** Or when it is time to look elsewhere. */
  async #whenMet(wanted: Expectation, signal: AbortSignal): Promise<void> {
    const met = new AbortController();
    const place = placeOf(wanted.cache.kind, wanted.at);
    const look = (): void => {
      if (this.#isMet(wanted)) met.abort();
    };
    const onStop = (): void => {
      met.abort();
    };
    const looks = this.#waiting.get(place) ?? new Set();
    this.#waiting.set(place, looks.add(look));
    signal.addEventListener('abort', onStop, { once: true });
    if (signal.aborted) onStop();
    await sleep(LOOK_EVERY_MS, { clock: this.#options.clock, signal: met.signal });
    signal.removeEventListener('abort', onStop);
    looks.delete(look);
    if (looks.size === 0) this.#waiting.delete(place);
  }

  /** Asks the server: what has gone since, or is another object by now, may never show. */
  async #isPast({ cache: { kind }, at, expected }: Expectation): Promise<boolean> {
    try {
      const found = (await this.#options.client.get(kind, at))?.metadata;
      if (expected.is === 'version') return found?.uid !== expected.uid;
      if (expected.is === 'present') return found === undefined;
      return found !== undefined && found.deletionTimestamp === undefined;
    } catch {
      return false;
    }
  }

  #isMet({ cache, at, expected }: Expectation): boolean {
    const held = cache.get(at)?.metadata;
    switch (expected.is) {
      case 'version':
        return this.#showsVersion(held, expected);
      case 'present':
        return held !== undefined;
      case 'gone':
        return held === undefined || isOther(held, expected.uid);
      case 'deleting':
        return (
          held === undefined || held.deletionTimestamp !== undefined || isOther(held, expected.uid)
        );
    }
  }

  #showsVersion(
    held: Metadata | undefined,
    { uid, resourceVersion }: { uid: string; resourceVersion: string },
  ): boolean {
    if (this.#deleted.has(uid)) return true;
    return held !== undefined && isAtLeast(held.resourceVersion, resourceVersion);
  }
}

const isOther = ({ uid }: Metadata, expected: string | undefined): boolean =>
  expected !== undefined && uid !== expected;
