// Where a kind and its objects live on the server, and what they are called in messages.
import { KubeError } from './errors.ts';
import type { At, Kind } from './object.ts';
import type { Selection } from './types.ts';

function root({ apiVersion }: Kind): string {
  return apiVersion.includes('/') ? `/apis/${apiVersion}` : `/api/${apiVersion}`;
}

/** `namespace` is left out for kinds without one, and for all namespaces. */
export function collectionPath(kind: Kind, namespace: string | undefined): string {
  if (!kind.namespaced || namespace === undefined) return `${root(kind)}/${kind.plural}`;
  return `${root(kind)}/namespaces/${encodeURIComponent(namespace)}/${kind.plural}`;
}

/** Throws `bad-request` where a namespace is needed and missing: the path would be another one. */
export function objectPath(kind: Kind, { namespace, name }: At): string {
  if (name === '' || (kind.namespaced && (namespace ?? '') === '')) {
    throw new KubeError('bad-request', `a ${kind.kind} needs a name and a namespace`);
  }
  return `${collectionPath(kind, namespace)}/${encodeURIComponent(name)}`;
}

const METADATA = 'application/json;as=PartialObjectMetadata;v=v1;g=meta.k8s.io,application/json';
const METADATA_LIST = METADATA.replace('Metadata;', 'MetadataList;');

/** What to accept for an object of the kind or a watch of it; JSON when undefined. */
export const acceptOf = ({ only }: Kind): string | undefined =>
  only === 'metadata' ? METADATA : undefined;

export const acceptOfList = ({ only }: Kind): string | undefined =>
  only === 'metadata' ? METADATA_LIST : undefined;

export const titleOf = (kind: Kind, { namespace, name }: At): string =>
  `${kind.plural} ${kind.namespaced && namespace !== undefined ? `${namespace}/` : ''}${name}`;

export const titleOfAll = (kind: Kind, namespace: string | undefined): string =>
  namespace === undefined ? kind.plural : `${kind.plural} in ${namespace}`;

export function query(
  { labelSelector, fieldSelector }: Selection,
  more: Record<string, string | undefined>,
): string {
  const search = new URLSearchParams();
  for (const [key, value] of Object.entries({ labelSelector, fieldSelector, ...more })) {
    if (value !== undefined && value !== '') search.set(key, value);
  }
  return search.size === 0 ? '' : `?${search.toString()}`;
}
