// Objects of one kind, listed and then watched, for ever.
import { NodeApiError } from './api.ts';
import type { NodeApi } from './api.ts';
import { sleep } from './clock.ts';
import type { Clock } from './clock.ts';

interface Watched {
  metadata: { resourceVersion?: string };
}

export interface News<T> {
  /** All there are; one that is not among them is gone. */
  listed(objects: T[]): void;
  changed(object: T): void;
  gone(object: T): void;
}

interface List<T> {
  metadata: { resourceVersion: string };
  items: T[];
}

interface Event<T> {
  type: string;
  object: T & { code?: number; message?: string };
}

interface Watching {
  api: NodeApi;
  clock: Clock;
  signal: AbortSignal;
  path: string;
}

const FIRST_RETRY_MS = 50;
const MOST_RETRY_MS = 5000;

/** Returns when the signal fires. */
export async function follow<T extends Watched>(
  { api, clock, signal, path }: Watching,
  news: News<T>,
): Promise<void> {
  let retryMs = FIRST_RETRY_MS;
  let version: string | undefined;
  while (!signal.aborted) {
    try {
      if (version === undefined) {
        const list = (await api.list(path, signal)) as List<T>;
        news.listed(list.items);
        version = list.metadata.resourceVersion;
      }
      for await (const event of api.watch(watchPath(path, version), signal)) {
        version = tell(event as Event<T>, news);
        retryMs = FIRST_RETRY_MS;
      }
    } catch (error) {
      // Too old a version: only a new list helps. Anything else may pass.
      if (error instanceof NodeApiError && error.status === 410) version = undefined;
      await sleep(clock, retryMs, signal);
      retryMs = Math.min(2 * retryMs, MOST_RETRY_MS);
    }
  }
}

const watchPath = (path: string, version: string): string =>
  `${path}?watch=true&allowWatchBookmarks=true&resourceVersion=${version}`;

function tell<T extends Watched>({ type, object }: Event<T>, news: News<T>): string {
  if (type === 'ERROR') {
    throw new NodeApiError(object.code ?? 500, 'Expired', object.message ?? 'the watch ended');
  }
  if (type === 'DELETED') news.gone(object);
  else if (type !== 'BOOKMARK') news.changed(object);
  return object.metadata.resourceVersion ?? '';
}
