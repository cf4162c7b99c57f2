// pods/log: the request is checked here, the text comes from the node.
import { objectAt, objectsAt, stringAt } from './json.ts';
import { isTrue } from './path.ts';
import type { KubeObject } from './object.ts';
import { badRequest } from './status.ts';

export interface LogOptions {
  container: string;
  follow: boolean;
  previous: boolean;
  timestamps: boolean;
  tailLines?: number;
  sinceSeconds?: number;
  limitBytes?: number;
}

/** The log of a container, or why there is none. */
export type PodLogs = (
  at: { namespace: string; name: string },
  options: LogOptions,
  signal: AbortSignal,
) => Promise<ReadableStream<Uint8Array> | { problem: string }>;

export async function readLog(
  source: PodLogs | undefined,
  pod: KubeObject,
  { query, signal, now }: { query: URLSearchParams; signal: AbortSignal; now: number },
): Promise<Response> {
  const { name, namespace = '' } = pod.metadata;
  const options = logOptions(pod, query, now);
  const isBound = stringAt(objectAt(pod, 'spec'), 'nodeName') !== undefined;
  const headers = { 'content-type': 'text/plain' };
  if (!isBound || source === undefined) return new Response(null, { status: 204 });
  const found = await source({ namespace, name }, options, signal);
  if ('problem' in found) throw badRequest(found.problem);
  return new Response(found, { headers });
}

function logOptions(pod: KubeObject, query: URLSearchParams, now: number): LogOptions {
  const count = (key: string): number | undefined => {
    const given = query.get(key);
    if (given === null) return undefined;
    if (!/^\d+$/.test(given)) throw badRequest(`${key} must be a whole number, not "${given}"`);
    return Number(given);
  };
  const since = query.get('sinceTime');
  const numbers = {
    tailLines: count('tailLines'),
    limitBytes: count('limitBytes'),
    sinceSeconds:
      since === null ? count('sinceSeconds') : Math.ceil((now - Date.parse(since)) / 1000),
  };
  return {
    container: containerOf(pod, query.get('container') ?? ''),
    follow: isTrue(query.get('follow')),
    previous: isTrue(query.get('previous')),
    timestamps: isTrue(query.get('timestamps')),
    ...(Object.fromEntries(
      Object.entries(numbers).filter(([, value]) => value !== undefined),
    ) as Partial<LogOptions>),
  };
}

function containerOf(pod: KubeObject, wanted: string): string {
  const spec = objectAt(pod, 'spec');
  const names = (list: string): string[] =>
    objectsAt(spec, list).map((item) => stringAt(item, 'name') ?? '');
  const all = [...names('initContainers'), ...names('containers')];
  const { name } = pod.metadata;
  if (wanted === '') {
    const [only, ...others] = names('containers');
    if (only !== undefined && others.length === 0) return only;
    throw badRequest(
      `a container name must be specified for pod ${name}, choose one of: [${all.join(' ')}]`,
    );
  }
  if (!all.includes(wanted)) throw badRequest(`container ${wanted} is not valid for pod ${name}`);
  return wanted;
}
