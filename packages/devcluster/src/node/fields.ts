// The downward API: what a pod may read of itself.
import { availableParallelism, totalmem } from 'node:os';
import { parseQuantity } from '../quantity.ts';
import { allContainers } from './pod.ts';
import type { Container, DownwardItem, Pod, ResourceRef } from './pod.ts';

/** What is known of a pod only once it is on its node. */
export interface Placed {
  pod: Pod;
  podIp: string;
  nodeName: string;
}

const quote = (text: string): string => JSON.stringify(text);

const lines = (map: Record<string, string> | undefined): string =>
  Object.entries(map ?? {})
    .sort(([a], [b]) => (a < b ? -1 : 1))
    .map(([key, value]) => `${key}=${quote(value)}`)
    .join('\n');

const FIELDS: Record<string, (placed: Placed) => string> = {
  'metadata.name': ({ pod }) => pod.metadata.name,
  'metadata.namespace': ({ pod }) => pod.metadata.namespace,
  'metadata.uid': ({ pod }) => pod.metadata.uid,
  'metadata.labels': ({ pod }) => lines(pod.metadata.labels),
  'metadata.annotations': ({ pod }) => lines(pod.metadata.annotations),
  'spec.nodeName': ({ nodeName }) => nodeName,
  'spec.serviceAccountName': ({ pod }) => pod.spec.serviceAccountName ?? 'default',
  'status.podIP': ({ podIp }) => podIp,
  'status.podIPs': ({ podIp }) => podIp,
  'status.hostIP': () => '127.0.0.1',
  'status.hostIPs': () => '127.0.0.1',
};

/** The value of a field path, or undefined when pods have no such field. */
export function fieldOf(path: string, placed: Placed): string | undefined {
  const keyed = /^metadata\.(labels|annotations)\['([^']+)'\]$/.exec(path);
  if (keyed?.[2] === undefined) return FIELDS[path]?.(placed);
  const { labels, annotations } = placed.pod.metadata;
  return (keyed[1] === 'labels' ? labels : annotations)?.[keyed[2]] ?? '';
}

/** A container's request or limit as a whole number; the machine's own when it has no limit. */
export function resourceOf(ref: ResourceRef, pod: Pod, self?: string): string | undefined {
  const container = allContainers(pod).find(({ name }) => name === (ref.containerName ?? self));
  if (container === undefined) return undefined;
  const amount = amountOf(ref.resource, container);
  // Kubernetes sends "0" for a divisor that was left out.
  const divisor = parseQuantity(ref.divisor ?? '0') || 1;
  return String(Math.ceil(amount / divisor));
}

function amountOf(path: string, { resources = {} }: Container): number {
  const [list, resource = ''] = path.split('.');
  if (list === 'requests') return parseQuantity(resources.requests?.[resource] ?? '0');
  const limit = resources.limits?.[resource];
  if (limit !== undefined) return parseQuantity(limit);
  return resource === 'cpu' ? availableParallelism() : totalmem();
}

export function downwardValue(
  item: Pick<DownwardItem, 'fieldRef' | 'resourceFieldRef'>,
  placed: Placed,
  self?: string,
): string | undefined {
  if (item.fieldRef) return fieldOf(item.fieldRef.fieldPath, placed);
  if (item.resourceFieldRef) return resourceOf(item.resourceFieldRef, placed.pod, self);
  return undefined;
}
