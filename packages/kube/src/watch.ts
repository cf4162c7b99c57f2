// A watch as an async iterable: lines of JSON from one long answer.
import { readRefusal } from './call.ts';
import { deadline } from './deadline.ts';
import { KubeError } from './errors.ts';
import { parseJson } from './json.ts';
import { acceptOf, collectionPath, query, titleOfAll } from './paths.ts';
import { shaped } from './shape.ts';
import { refusalError } from './status.ts';
import type { Caller } from './call.ts';
import type { Kind, KubeObject } from './object.ts';
import type { Status } from './status.ts';
import type { CallOptions, Selection, WatchEvent } from './types.ts';

export type WatchFrom = Selection & CallOptions & { resourceVersion: string };

// client-go's: each watch ends by itself after 5 to 10 minutes, so that load spreads over servers.
const MIN_WATCH_SECONDS = 300;

interface WireEvent<T> {
  type: 'ADDED' | 'MODIFIED' | 'DELETED' | 'BOOKMARK' | 'ERROR';
  object: T;
}

async function* linesOf(chunks: AsyncIterable<Uint8Array>): AsyncIterable<string> {
  const decoder = new TextDecoder();
  let rest = '';
  for await (const chunk of chunks) {
    rest += decoder.decode(chunk, { stream: true });
    let from = 0;
    for (let end = rest.indexOf('\n'); end >= 0; end = rest.indexOf('\n', from)) {
      if (end > from) yield rest.slice(from, end);
      from = end + 1;
    }
    rest = rest.slice(from);
  }
  // An unfinished last line is an event that the next watch delivers again.
}

function readEvent<T extends KubeObject>(
  { what, kind }: { what: string; kind: Kind<T> },
  line: string,
): WatchEvent<T> {
  const event = parseJson(line) as WireEvent<T>;
  switch (event.type) {
    case 'BOOKMARK':
      return { type: 'BOOKMARK', resourceVersion: event.object.metadata.resourceVersion };
    case 'ERROR': {
      const body = event.object as unknown as Status;
      throw refusalError(what, { status: body.code ?? 500, body });
    }
    case 'ADDED':
    case 'MODIFIED':
    case 'DELETED':
      return { type: event.type, object: shaped(kind, event.object) };
    default:
      throw new KubeError('unavailable', `could not ${what}: a line is no event`);
  }
}

/** Throws `expired` for a version that the server has forgotten, be it at once or on the way. */
export async function* watch<T extends KubeObject>(
  kind: Kind<T>,
  from: WatchFrom,
  { transport, clock, deadlineMs }: Caller,
): AsyncGenerator<WatchEvent<T>> {
  const what = `watch ${titleOfAll(kind, from.namespace)}`;
  const limit = deadline({ clock, ms: deadlineMs, signal: from.signal });
  const accept = acceptOf(kind);
  const search = query(from, {
    watch: 'true',
    allowWatchBookmarks: 'true',
    resourceVersion: from.resourceVersion,
    timeoutSeconds: String(Math.round(MIN_WATCH_SECONDS * (1 + Math.random()))),
  });
  try {
    const answer = await transport.stream({
      method: 'GET',
      path: collectionPath(kind, from.namespace) + search,
      ...(accept === undefined ? {} : { accept }),
      signal: limit.signal,
    });
    if (answer.status === 401) transport.renew();
    if (answer.status !== 200) throw refusalError(what, await readRefusal(answer, clock.now()));
    limit.lift();
    for await (const line of linesOf(answer.chunks())) yield readEvent({ what, kind }, line);
  } catch (error) {
    throw limit.explain(what, error);
  } finally {
    limit.release();
  }
}
