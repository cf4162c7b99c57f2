// A watch: a stream of JSON lines that begins at a version and ends by a time-out or the reader.
import { textOf } from './json.ts';
import type { KubeObject } from './object.ts';
import { apiVersionOf } from './resource.ts';
import type { Resource } from './resource.ts';
import type { Matcher } from './selector.ts';
import { expired, statusOf } from './status.ts';
import type { StoreEvent } from './store.ts';
import type { World } from './world.ts';

export interface WatchWish {
  resource: Resource;
  namespace?: string | undefined;
  matches: Matcher | undefined;
  /** Undefined: from the objects as they are now. */
  from: number | undefined;
  bookmarks: boolean;
  /** The objects as they are now, then a bookmark that says so. */
  initialEvents: boolean;
  timeoutMs: number;
  /** How an object is written into an event. */
  textOf: (object: KubeObject) => string;
  signal: AbortSignal;
  watches: OpenWatches;
}

interface OpenWatch {
  end: () => void;
  /** It stays open and says nothing any more. */
  silence: () => void;
  /** It is told that its version is gone, and ends. */
  expire: () => void;
}

/** The watches that are open, for what may happen to them all at once. */
export class OpenWatches {
  readonly #open = new Set<OpenWatch>();

  add(watch: OpenWatch): () => void {
    this.#open.add(watch);
    return () => this.#open.delete(watch);
  }

  drop(): void {
    for (const { end } of [...this.#open]) end();
  }

  silence(): void {
    for (const { silence } of this.#open) silence();
  }

  expire(): void {
    for (const { expire } of [...this.#open]) expire();
  }
}

const BOOKMARK_MS = 60_000;
/** A reader this many events behind is cut off, as the real server does; it lists again. */
const BACKLOG = 50_000;

const encoder = new TextEncoder();

/** Every watcher of a plain resource sends the same bytes, made once. */
const encoded = new WeakMap<StoreEvent, Uint8Array>();

function plainLine(event: StoreEvent): Uint8Array {
  let bytes = encoded.get(event);
  if (bytes === undefined) {
    bytes = line(event.type, textOf(event.object));
    encoded.set(event, bytes);
  }
  return bytes;
}

const line = (type: string, object: string): Uint8Array =>
  encoder.encode(`{"type":"${type}","object":${object}}\n`);

export function watch(world: World, wish: WatchWish): ReadableStream<Uint8Array> {
  let stop = (): void => undefined;
  return new ReadableStream<Uint8Array>(
    {
      start: (controller) => {
        stop = follow(world, wish, controller);
      },
      cancel: () => {
        stop();
      },
    },
    { highWaterMark: BACKLOG },
  );
}

type Sink = ReadableStreamDefaultController<Uint8Array>;

/** Begins to tell; gives what ends it when the reader has left. */
function follow({ store }: World, wish: WatchWish, sink: Sink): () => void {
  const { resource, from, signal } = wish;
  let isOpen = true;
  let isSilent = false;
  const stops: (() => void)[] = [];
  const stop = (): void => {
    isOpen = false;
    for (const undo of stops) undo();
  };
  const end = (): void => {
    if (!isOpen) return;
    stop();
    sink.close();
  };
  const say = (bytes: Uint8Array | undefined): void => {
    if (bytes && isOpen && !isSilent) sink.enqueue(bytes);
    if ((sink.desiredSize ?? 0) <= 0) end();
  };
  const send = (event: StoreEvent): void => {
    say(lineFor(event, wish));
  };
  const expire = (version = store.version): void => {
    say(errorLine(`too old resource version: ${version} (${store.version})`));
    end();
  };
  if (!begin(store, wish, { send, say })) {
    expire(from);
    return stop;
  }
  const silence = (): void => {
    isSilent = true;
  };
  const bookmarked = (): void => {
    if (wish.bookmarks) say(bookmark(resource, store.version, false));
  };
  signal.addEventListener('abort', end);
  stops.push(
    store.onChange(resource.table, send),
    wish.watches.add({ end, silence, expire }),
    timed(wish.timeoutMs, { bookmarked, end }),
    () => {
      signal.removeEventListener('abort', end);
    },
  );
  if (signal.aborted) end();
  return stop;
}

/** Bookmarks from time to time, and the end when it is due; gives what stops both. */
function timed(
  timeoutMs: number,
  { bookmarked, end }: { bookmarked: () => void; end: () => void },
): () => void {
  const beat = setInterval(bookmarked, BOOKMARK_MS).unref();
  const timer = setTimeout(() => {
    bookmarked();
    end();
  }, timeoutMs).unref();
  return () => {
    clearInterval(beat);
    clearTimeout(timer);
  };
}

interface Told {
  send: (event: StoreEvent) => void;
  say: (bytes: Uint8Array) => void;
}

/** What there is, or what happened since the version; false when that is no longer known. */
function begin(store: World['store'], wish: WatchWish, { send, say }: Told): boolean {
  const { resource, from, initialEvents } = wish;
  const { table } = resource;
  if (from !== undefined) {
    const past = store.since(table, from);
    if (past === 'expired') return false;
    past.forEach(send);
    return true;
  }
  for (const object of store.list(table, wish.namespace)) {
    send({ type: 'ADDED', table, object, version: store.version });
  }
  if (initialEvents) say(bookmark(resource, store.version, true));
  return true;
}

const errorLine = (message: string): Uint8Array =>
  line('ERROR', JSON.stringify(statusOf(expired(message))));

/** What this watcher hears of an event: an object may come into, or go out of, its selection. */
function lineFor(event: StoreEvent, wish: WatchWish): Uint8Array | undefined {
  const { namespace } = event.object.metadata;
  if (wish.namespace !== undefined && wish.namespace !== namespace) return undefined;
  const { matches = () => true, textOf: write } = wish;
  const { object } = event;
  const is = matches(object);
  const was = matches(earlier(event));
  if (is && was) return write === textOf ? plainLine(event) : line(event.type, write(object));
  return is || was ? crossing(event, is, write) : undefined;
}

/** The object before it changed; one that comes or goes was as it is. */
const earlier = ({ type, object, before }: StoreEvent): KubeObject =>
  type === 'MODIFIED' && before ? before : object;

/** An object that changed so that it came into the selection, or left it. */
function crossing(event: StoreEvent, isIn: boolean, write: WatchWish['textOf']): Uint8Array {
  const { object, before = object } = event;
  return isIn ? line('ADDED', write(object)) : line('DELETED', write(left(before, event)));
}

/** The object as the watcher last knew it, at the version at which it left the selection. */
const left = (before: KubeObject, { object }: StoreEvent): KubeObject => ({
  ...before,
  metadata: { ...before.metadata, resourceVersion: object.metadata.resourceVersion },
});

function bookmark(resource: Resource, version: number, isInitialEnd: boolean): Uint8Array {
  const annotations = isInitialEnd ? { annotations: { 'k8s.io/initial-events-end': 'true' } } : {};
  const object = {
    kind: resource.kind,
    apiVersion: apiVersionOf(resource),
    metadata: { resourceVersion: String(version), creationTimestamp: null, ...annotations },
  };
  return line('BOOKMARK', JSON.stringify(object));
}
