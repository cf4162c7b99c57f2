// All pods, listed and then watched, for ever.
import { NodeApiError } from './api.ts';
import type { NodeApi } from './api.ts';
import { sleep } from './clock.ts';
import type { Clock } from './clock.ts';
import type { Pod } from './pod.ts';

export interface PodNews {
  /** All there are; a pod that is not among them is gone. */
  listed(pods: Pod[]): void;
  changed(pod: Pod): void;
  gone(pod: Pod): void;
}

interface PodList {
  metadata: { resourceVersion: string };
  items: Pod[];
}

interface Event {
  type: string;
  object: Pod & { code?: number; message?: string };
}

const PODS = '/api/v1/pods';
const FIRST_RETRY_MS = 50;
const MOST_RETRY_MS = 5000;

/** Returns when the signal fires. */
export async function watchPods(
  { api, clock, signal }: { api: NodeApi; clock: Clock; signal: AbortSignal },
  news: PodNews,
): Promise<void> {
  let retryMs = FIRST_RETRY_MS;
  let version: string | undefined;
  while (!signal.aborted) {
    try {
      if (version === undefined) {
        const list = (await api.list(PODS, signal)) as PodList;
        news.listed(list.items);
        version = list.metadata.resourceVersion;
      }
      for await (const event of api.watch(watchPath(version), signal)) {
        version = tell(event as Event, news);
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

const watchPath = (version: string): string =>
  `${PODS}?watch=true&allowWatchBookmarks=true&resourceVersion=${version}`;

function tell({ type, object }: Event, news: PodNews): string {
  if (type === 'ERROR') {
    throw new NodeApiError(object.code ?? 500, 'Expired', object.message ?? 'the watch ended');
  }
  if (type === 'DELETED') news.gone(object);
  else if (type !== 'BOOKMARK') news.changed(object);
  return object.metadata.resourceVersion ?? '';
}
