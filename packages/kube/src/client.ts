// Every verb of the API over plain JSON. Keeps no state but connections and, when asked, a rate.
import { call } from './call.ts';
import { systemClock } from './clock.ts';
import { list } from './list.ts';
import { acceptOf, objectPath, titleOf } from './paths.ts';
import { limited } from './rate.ts';
import { shaped } from './shape.ts';
import { isAbsence } from './status.ts';
import { functionTransport, networkTransport } from './transport.ts';
import { measured } from './measured.ts';
import { warnOnce } from './warnings.ts';
import { watch } from './watch.ts';
import { create, patch, remove } from './write.ts';
import type { Caller } from './call.ts';
import type { Connection } from './connection.ts';
import type { Metrics } from './metrics.ts';
import type { At, Kind, KubeObject } from './object.ts';
import type { Rate } from './rate.ts';
import type { Transport } from './transport.ts';
import type {
  AccessQuestion,
  CallOptions,
  Clock,
  JsonObject,
  KubeClient,
  Log,
  Scale,
  WriteOptions,
} from './types.ts';

interface ClientTuning {
  clock?: Clock;
  /** For each call, its retries included; 30 s when absent. */
  deadlineMs?: number;
  /** How many objects a list asks for at a time; 500 when absent. */
  pageSize?: number;
  userAgent?: string;
  /** No limit of ours when absent: the server has its own, and a 429 is obeyed. */
  rate?: Rate;
  /** Is told each warning of the server once. */
  log?: Log;
  metrics?: Metrics;
}

export type KubeClientOptions = (
  { connection: Connection } | { fetch: (request: Request) => Promise<Response> }
) &
  ClientTuning;

const DEADLINE_MS = 30_000;
const PAGE_SIZE = 500;

async function read<T extends KubeObject>(
  kind: Kind<T>,
  { at, signal }: CallOptions & { at: At },
  caller: Caller,
): Promise<T | undefined> {
  const wish = {
    what: `get ${titleOf(kind, at)}`,
    method: 'GET' as const,
    path: objectPath(kind, at),
    accept: acceptOf(kind),
    signal,
    unless: isAbsence,
  };
  const object = (await call(wish, caller)) as T | undefined;
  return object === undefined ? undefined : shaped(kind, object);
}

async function readScale(
  kind: Kind,
  { at, signal }: CallOptions & { at: At },
  caller: Caller,
): Promise<Scale | undefined> {
  const wish = {
    what: `get the scale of ${titleOf(kind, at)}`,
    method: 'GET' as const,
    path: `${objectPath(kind, at)}/scale`,
    signal,
    unless: isAbsence,
  };
  return (await call(wish, caller)) as Scale | undefined;
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
    harmless: true,
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

function transportOf(options: KubeClientOptions, clock: Clock): Transport {
  const { userAgent = 'muster', rate, metrics } = options;
  const [bare, host] =
    'fetch' in options
      ? [functionTransport(options.fetch, userAgent), 'in-process']
      : [networkTransport(options.connection, userAgent), new URL(options.connection.server).host];
  const counts = metrics?.client(host);
  const transport = counts === undefined ? bare : measured(bare, counts, clock);
  if (rate === undefined || rate.qps <= 0) return transport;
  return limited(transport, rate, counts === undefined ? { clock } : { clock, ...counts });
}

function callerOf(options: KubeClientOptions): Caller {
  const { clock = systemClock, deadlineMs = DEADLINE_MS, pageSize = PAGE_SIZE, log } = options;
  return {
    transport: transportOf(options, clock),
    clock,
    deadlineMs,
    pageSize,
    onWarning: warnOnce(log),
  };
}

function clientOf(caller: Caller): KubeClient {
  const patchThrough =
    (subresource: 'status' | undefined): KubeClient['patch'] =>
    <T extends KubeObject>(kind: Kind<T>, at: At, ...rest: [JsonObject, WriteOptions?]) => {
      const [body, options] = rest;
      const where = subresource === undefined ? {} : { subresource };
      return patch(kind, { ...options, ...where, at, body }, caller) as Promise<T | undefined>;
    };
  return {
    get: (kind, at, options) => read(kind, { ...options, at }, caller),
    list: (kind, selection = {}) => list(kind, selection, caller),
    create: (kind, object, options) => create(kind, { ...options, object }, caller),
    patch: patchThrough(undefined),
    patchStatus: patchThrough('status'),
    patchJson: <T extends KubeObject>(
      kind: Kind<T>,
      at: At,
      ...[body, options]: [readonly object[], WriteOptions?]
    ) => patch(kind, { ...options, at, body }, caller) as Promise<T | undefined>,
    scale: (kind, at, options) => readScale(kind, { ...options, at }, caller),
    patchScale: (kind, at, ...[body, options]: [JsonObject, WriteOptions?]) => {
      const wish = { ...options, at, body, subresource: 'scale' as const };
      return patch(kind, wish, caller) as Promise<Scale | undefined>;
    },
    delete: (kind, at, how) => remove(kind, { ...how, at }, caller),
    watch: (kind, from) => watch(kind, from, caller),
    may: (question, { signal } = {}) => mayDo(question, signal, caller),
    fenced: (mayWrite) => clientOf({ ...caller, mayWrite }),
    close: () => caller.transport.close(),
  };
}

/** A client of one API server. Close it to free its connections. */
export const createKubeClient = (options: KubeClientOptions): KubeClient =>
  clientOf(callerOf(options));
