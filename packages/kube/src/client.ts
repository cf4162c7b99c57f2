// get, list, create, patch, delete and watch over plain JSON. Keeps no state but connections.
import { systemClock } from './clock.ts';
import { call } from './call.ts';
import { isKubeError } from './errors.ts';
import { collectionPath, objectPath, query, titleOf, titleOfAll } from './paths.ts';
import { isAbsence, isAnotherObject } from './status.ts';
import { functionTransport, networkTransport } from './transport.ts';
import { watch } from './watch.ts';
import type { Caller } from './call.ts';
import type { Connection } from './connection.ts';
import type { At, Kind, KubeObject, Metadata } from './object.ts';
import type {
  AccessQuestion,
  CallOptions,
  Clock,
  DeleteOptions,
  JsonObject,
  KubeClient,
  Selection,
} from './types.ts';

interface ClientTuning {
  clock?: Clock;
  /** For each call, its retries included; 30 s when absent. */
  deadlineMs?: number;
  userAgent?: string;
}

export type KubeClientOptions = (
  { connection: Connection } | { fetch: (request: Request) => Promise<Response> }
) &
  ClientTuning;

const DEADLINE_MS = 30_000;
const PAGE = 500;
const MERGE_PATCH = 'application/merge-patch+json';

interface Page<T> {
  metadata: { resourceVersion: string; continue?: string };
  items: (T & { metadata: Metadata })[];
}

type ListQuery = Selection & CallOptions;

async function readPages<T extends KubeObject>(
  kind: Kind<T>,
  selection: ListQuery,
  { caller, limit }: { caller: Caller; limit: number | undefined },
): Promise<{ items: T[]; resourceVersion: string }> {
  const items: T[] = [];
  let next: string | undefined;
  for (;;) {
    const search = query(selection, { limit: limit?.toString(), continue: next });
    const page = (await call(
      {
        what: `list ${titleOfAll(kind, selection.namespace)}`,
        method: 'GET',
        path: collectionPath(kind, selection.namespace) + search,
        signal: selection.signal,
      },
      caller,
    )) as Page<T>;
    // In a list the server leaves out what all items have in common.
    const { apiVersion, kind: name } = kind;
    for (const item of page.items) items.push({ ...item, apiVersion, kind: name });
    next = page.metadata.continue;
    if ((next ?? '') === '') return { items, resourceVersion: page.metadata.resourceVersion };
  }
}

async function list<T extends KubeObject>(
  kind: Kind<T>,
  selection: ListQuery,
  caller: Caller,
): Promise<{ items: T[]; resourceVersion: string }> {
  try {
    return await readPages(kind, selection, { caller, limit: PAGE });
  } catch (error) {
    if (!isKubeError(error, 'expired')) throw error;
    // The pages outlived the server's memory; only a list in one piece is sure to end.
    return readPages(kind, selection, { caller, limit: undefined });
  }
}

const patchThrough =
  (subresource: '' | '/status', caller: Caller): KubeClient['patch'] =>
  async <T extends KubeObject>(
    kind: Kind<T>,
    at: At,
    ...[body, { signal } = {}]: [JsonObject, CallOptions?]
  ) => {
    const wish = {
      what: `patch ${subresource === '' ? '' : 'the status of '}${titleOf(kind, at)}`,
      method: 'PATCH' as const,
      path: objectPath(kind, at) + subresource,
      contentType: MERGE_PATCH,
      body,
      signal,
      unless: isAbsence,
    };
    return (await call(wish, caller)) as T | undefined;
  };

async function remove(
  kind: Kind,
  { at, signal, uid, ...how }: DeleteOptions & { at: At },
  caller: Caller,
): Promise<'deleted' | 'absent'> {
  const preconditions = uid === undefined ? {} : { preconditions: { uid } };
  const answer = await call(
    {
      what: `delete ${titleOf(kind, at)}`,
      method: 'DELETE',
      path: objectPath(kind, at),
      body: { kind: 'DeleteOptions', apiVersion: 'v1', ...how, ...preconditions },
      signal,
      unless: (refusal) => isAbsence(refusal) || (uid !== undefined && isAnotherObject(refusal)),
    },
    caller,
  );
  return answer === undefined ? 'absent' : 'deleted';
}

async function mayDo(
  resourceAttributes: AccessQuestion,
  signal: AbortSignal | undefined,
  caller: Caller,
): Promise<boolean> {
  const { verb, resource } = resourceAttributes;
  const wish = {
    what: `ask whether ${verb} ${resource} is allowed`,
    method: 'POST' as const,
    path: '/apis/authorization.k8s.io/v1/selfsubjectaccessreviews',
    body: {
      apiVersion: 'authorization.k8s.io/v1',
      kind: 'SelfSubjectAccessReview',
      spec: { resourceAttributes },
    },
    signal,
  };
  const review = (await call(wish, caller)) as { status?: { allowed?: boolean } };
  return review.status?.allowed === true;
}

function callerOf(options: KubeClientOptions): Caller {
  const userAgent = options.userAgent ?? 'muster';
  return {
    transport:
      'fetch' in options
        ? functionTransport(options.fetch, userAgent)
        : networkTransport(options.connection, userAgent),
    clock: options.clock ?? systemClock,
    deadlineMs: options.deadlineMs ?? DEADLINE_MS,
  };
}

/** A client of one API server. Close it to free its connections. */
export function createKubeClient(options: KubeClientOptions): KubeClient {
  const caller = callerOf(options);
  return {
    async get<T extends KubeObject>(kind: Kind<T>, at: At, { signal }: CallOptions = {}) {
      const wish = {
        what: `get ${titleOf(kind, at)}`,
        method: 'GET' as const,
        path: objectPath(kind, at),
        signal,
        unless: isAbsence,
      };
      return (await call(wish, caller)) as T | undefined;
    },
    list: (kind, selection = {}) => list(kind, selection, caller),
    async create<T extends KubeObject>(
      kind: Kind<T>,
      object: { metadata: At },
      { signal }: CallOptions = {},
    ) {
      const wish = {
        what: `create ${titleOf(kind, object.metadata)}`,
        method: 'POST' as const,
        path: collectionPath(kind, object.metadata.namespace),
        body: object,
        signal,
      };
      return (await call(wish, caller)) as T;
    },
    patch: patchThrough('', caller),
    patchStatus: patchThrough('/status', caller),
    delete: (kind, at, how = {}) => remove(kind, { ...how, at }, caller),
    watch: (kind, from) => watch(kind, from, caller),
    may: (question, { signal } = {}) => mayDo(question, signal, caller),
    close: () => caller.transport.close(),
  };
}
