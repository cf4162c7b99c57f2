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

function follow(
  { store }: World,
  wish: WatchWish,
  controller: ReadableStreamDefaultController<Uint8Array>,
): () => void {
  const { resource, from, bookmarks, initialEvents, timeoutMs, signal } = wish;
  const past = from === undefined ? 'none' : store.since(resource.table, from);
  if (past === 'expired') {
    const error = expired(`too old resource version: ${from ?? 0} (${store.version})`);
    controller.enqueue(line('ERROR', JSON.stringify(statusOf(error))));
    controller.close();
    return () => undefined;
  }
  const send = (event: StoreEvent): void => {
    const bytes = lineFor(event, wish);
    if (bytes) controller.enqueue(bytes);
    if ((controller.desiredSize ?? 0) <= 0) end();
  };
  if (past === 'none') {
    for (const object of store.list(resource.table, wish.namespace)) {
      send({ type: 'ADDED', table: resource.table, object, version: store.version });
    }
    if (initialEvents) controller.enqueue(bookmark(resource, store.version, true));
  } else past.forEach(send);
  const sendBookmark = (): void => {
    if (bookmarks) controller.enqueue(bookmark(resource, store.version, false));
  };
  const unlisten = store.onChange(resource.table, send);
  const beat = setInterval(sendBookmark, BOOKMARK_MS).unref();
  const timer = setTimeout(() => {
    sendBookmark();
    end();
  }, timeoutMs).unref();
  let isOpen = true;
  const stop = (): void => {
    isOpen = false;
    unlisten();
    clearInterval(beat);
    clearTimeout(timer);
    signal.removeEventListener('abort', end);
  };
  function end(): void {
    if (!isOpen) return;
    stop();
    controller.close();
  }
  signal.addEventListener('abort', end);
  if (signal.aborted) end();
  return stop;
}

/** What this watcher hears of an event: an object may come into, or go out of, its selection. */
function lineFor(event: StoreEvent, wish: WatchWish): Uint8Array | undefined {
  const { namespace } = event.object.metadata;
  if (wish.namespace !== undefined && wish.namespace !== namespace) return undefined;
  const { matches = () => true, textOf: write } = wish;
  const { object, before } = event;
  const is = matches(object);
  const was = before === undefined ? is : matches(before);
  if (is && was) return write === textOf ? plainLine(event) : line(event.type, write(object));
  return is || was ? crossing(event, is, write) : undefined;
}

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
