// A user of the API for tests: one call, its code and its JSON. Tests alone import it.
import type { Cluster } from './cluster.ts';
import type { JsonObject } from './json.ts';
import type { KubeObject } from './object.ts';

interface Answer<T> {
  code: number;
  body: T;
}

export interface ApiUser {
  get: <T = KubeObject>(path: string, accept?: string) => Promise<Answer<T>>;
  post: <T = KubeObject>(path: string, body: unknown) => Promise<Answer<T>>;
  put: <T = KubeObject>(path: string, body: unknown) => Promise<Answer<T>>;
  /** A merge patch unless the type says otherwise. */
  patch: <T = KubeObject>(path: string, body: unknown, type?: string) => Promise<Answer<T>>;
  delete: <T = KubeObject>(path: string, body?: unknown) => Promise<Answer<T>>;
  /** Reads so many events of a watch, then leaves. */
  watch: (path: string, count: number) => Promise<WatchLine[]>;
}

export interface WatchLine {
  type: string;
  object: KubeObject & JsonObject;
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

export function apiUser(cluster: Cluster, token = cluster.adminToken): ApiUser {
  const send = (path: string, init: RequestInit): Promise<Response> => {
    const request = new Request(`https://cluster.test${path}`, init);
    request.headers.set('authorization', `Bearer ${token}`);
    return cluster.fetch(request);
  };
  const answer = async <T>(response: Response): Promise<Answer<T>> => ({
    code: response.status,
    body: (await response.json()) as T,
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
    watch: async (path, count) => readLines(await send(path, {}), count),
  };
}

async function readLines(response: Response, count: number): Promise<WatchLine[]> {
  const reader = (response.body as ReadableStream<Uint8Array>).getReader();
  const decoder = new TextDecoder();
  const lines: WatchLine[] = [];
  while (lines.length < count) {
    const { done, value } = await reader.read();
    if (done) break;
    const text = decoder.decode(value);
    lines.push(
      ...text
        .trim()
        .split('\n')
        .map((line) => JSON.parse(line) as WatchLine),
    );
  }
  await reader.cancel();
  return lines;
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

/** A custom kind whose schema has a bit of everything. */
export const aDefinition = (): JsonObject => ({
  apiVersion: 'apiextensions.k8s.io/v1',
  kind: 'CustomResourceDefinition',
  metadata: { name: 'boats.harbour.test' },
  spec: {
    group: 'harbour.test',
    scope: 'Namespaced',
    names: { plural: 'boats', kind: 'Boat', shortNames: ['bt'] },
    versions: [
      {
        name: 'v1',
        served: true,
        storage: true,
        subresources: { status: {} },
        additionalPrinterColumns: [
          { name: 'Sails', type: 'integer', jsonPath: '.spec.sails' },
          {
            name: 'Afloat',
            type: 'string',
            jsonPath: '.status.conditions[?(@.type=="Afloat")].status',
          },
          { name: 'Built', type: 'date', jsonPath: '.metadata.creationTimestamp', priority: 1 },
        ],
        schema: {
          openAPIV3Schema: {
            type: 'object',
            required: ['spec'],
            properties: {
              spec: {
                type: 'object',
                required: ['sails'],
                properties: {
                  sails: { type: 'integer', minimum: 1, maximum: 9 },
                  rig: { type: 'string', enum: ['sloop', 'ketch'], default: 'sloop' },
                  cargo: { type: 'object', 'x-kubernetes-preserve-unknown-fields': true },
                  crew: {
                    type: 'array',
                    items: { type: 'object', properties: { name: { type: 'string' } } },
                  },
                },
              },
              status: { type: 'object', 'x-kubernetes-preserve-unknown-fields': true },
            },
          },
        },
      },
    ],
  },
});

export const BOATS = '/apis/harbour.test/v1/namespaces/default/boats';

export const aBoat = (
  name: string,
  spec: JsonObject = { sails: 2 },
  metadata: JsonObject = {},
): JsonObject => ({
  apiVersion: 'harbour.test/v1',
  kind: 'Boat',
  metadata: { name, ...metadata },
  spec,
});
