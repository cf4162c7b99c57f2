// A user of the API for tests: one call, its code and its JSON. Tests alone import it.
import type { Cluster } from './cluster.ts';
import type { JsonObject } from './json.ts';
import type { KubeObject } from './object.ts';

export type Send = (path: string, init: RequestInit) => Promise<Response>;

export interface Answer<T> {
  code: number;
  body: T;
  /** The texts of its Warning headers. */
  warnings: string[];
  headers: Headers;
}

export interface ApiUser {
  get: <T = KubeObject>(path: string, accept?: string) => Promise<Answer<T>>;
  post: <T = KubeObject>(path: string, body: unknown) => Promise<Answer<T>>;
  put: <T = KubeObject>(path: string, body: unknown) => Promise<Answer<T>>;
  /** A merge patch unless the type says otherwise. */
  patch: <T = KubeObject>(path: string, body: unknown, type?: string) => Promise<Answer<T>>;
  delete: <T = KubeObject>(path: string, body?: unknown) => Promise<Answer<T>>;
  /** Any other request, or one whose answer is no JSON. */
  send: Send;
  watch: (path: string, accept?: string) => Promise<Watch>;
}

export interface WatchLine {
  type: string;
  object: KubeObject & JsonObject;
}

interface Watch {
  /** The next so many events; fewer when the stream ends before. */
  take: (count: number) => Promise<WatchLine[]>;
  /** Leaves. */
  end: () => void;
}

export interface Failure {
  message: string;
  reason: string;
  code: number;
  details?: JsonObject;
}

export interface ObjectList {
  items: KubeObject[];
  metadata: { resourceVersion: string; continue?: string; remainingItemCount?: number };
}

export const STRATEGIC = 'application/strategic-merge-patch+json';
export const JSON_PATCH = 'application/json-patch+json';

/** A user of a dev cluster in this process. */
export const apiUser = (cluster: Cluster, token = cluster.adminToken): ApiUser =>
  userOf((path, init) => {
    const request = new Request(`https://cluster.test${path}`, init);
    request.headers.set('authorization', `Bearer ${token}`);
    return cluster.fetch(request);
  });

export function userOf(send: Send): ApiUser {
  const answer = async <T>(response: Response): Promise<Answer<T>> => ({
    code: response.status,
    body: (await response.json()) as T,
    warnings: warningsOf(response.headers),
    headers: response.headers,
  });
  const ask =
    (method: string) =>
    async <T>(path: string, body?: unknown, type = 'application/json'): Promise<Answer<T>> => {
      const text = body === undefined ? null : JSON.stringify(body);
      return answer(await send(path, { method, headers: { 'content-type': type }, body: text }));
    };
  return {
    get: async <T>(path: string, accept = 'application/json') =>
      answer<T>(await send(path, { headers: { accept } })),
    post: ask('POST'),
    put: ask('PUT'),
    patch: (path, body, type = 'application/merge-patch+json') => ask('PATCH')(path, body, type),
    delete: ask('DELETE'),
    send,
    watch: async (path, accept = 'application/json') => {
      const leaving = new AbortController();
      const { signal } = leaving;
      return watchOf(await send(path, { headers: { accept }, signal }), leaving);
    },
  };
}

/** `299 - "text", 299 - "another"`, as the API warns. */
const warningsOf = (headers: Headers): string[] =>
  [...(headers.get('warning') ?? '').matchAll(/299 - "((?:[^"\\]|\\.)*)"/g)].map(([, text = '']) =>
    text.replaceAll(/\\(.)/g, '$1'),
  );

function watchOf(response: Response, leaving: AbortController): Watch {
  const reader = (response.body as ReadableStream<Uint8Array>).getReader();
  const decoder = new TextDecoder();
  let rest = '';
  let ended = false;
  const lines: WatchLine[] = [];
  const more = async (): Promise<void> => {
    const { done, value } = await reader.read();
    ended = done;
    const parts = (rest + decoder.decode(value, { stream: true })).split('\n');
    rest = parts.pop() ?? '';
    lines.push(...parts.map((line) => JSON.parse(line) as WatchLine));
  };
  return {
    take: async (count) => {
      while (lines.length < count && !ended) await more();
      return lines.splice(0, count);
    },
    end: () => {
      // Whether the cancelled stream ends or fails, nobody reads it any more.
      reader.cancel().catch(() => undefined);
      leaving.abort();
    },
  };
}

export const aPod = (
  name: string,
  spec: JsonObject = {},
  metadata: JsonObject = {},
): JsonObject => ({
  apiVersion: 'v1',
  kind: 'Pod',
  metadata: { name, ...metadata },
  spec: { containers: [{ name: 'main', image: 'busybox:1' }], ...spec },
});

export const aConfigMap = (
  name: string,
  data: JsonObject = {},
  metadata: JsonObject = {},
): JsonObject => ({
  apiVersion: 'v1',
  kind: 'ConfigMap',
  metadata: { name, ...metadata },
  data,
});
