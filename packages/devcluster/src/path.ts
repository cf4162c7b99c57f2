// What a request is about, read from its method and path as the real server reads it.
import { selectedName } from './selector.ts';

export interface ResourcePath {
  apiVersion: string;
  group: string;
  plural: string;
  namespace?: string | undefined;
  name?: string | undefined;
  subresource?: string | undefined;
}

export type Verb =
  'get' | 'list' | 'watch' | 'create' | 'update' | 'patch' | 'delete' | 'deletecollection';

/** Undefined for paths outside the resources: discovery, health. */
export function parsePath(pathname: string): ResourcePath | undefined {
  const parts = pathname
    .split('/')
    .filter((part) => part !== '')
    .map(decodeURIComponent);
  const [root, ...rest] = parts;
  if (root === 'api' && rest.length > 1) {
    return below({ apiVersion: rest[0] ?? '', group: '' }, rest.slice(1));
  }
  if (root === 'apis' && rest.length > 2) {
    return below(
      { apiVersion: `${rest[0] ?? ''}/${rest[1] ?? ''}`, group: rest[0] ?? '' },
      rest.slice(2),
    );
  }
  return undefined;
}

function below(
  home: { apiVersion: string; group: string },
  parts: string[],
): ResourcePath | undefined {
  const [first = '', second, third, ...deeper] = parts;
  const isNamespaceItself =
    third === undefined || (deeper.length === 0 && ['status', 'finalize'].includes(third));
  if (first !== 'namespaces' || second === undefined) {
    return { ...home, plural: first, name: second, subresource: subresourceOf(third, deeper) };
  }
  if (isNamespaceItself) {
    return { ...home, plural: first, name: second, namespace: second, subresource: third };
  }
  const [name, ...subresource] = deeper;
  return {
    ...home,
    plural: third,
    namespace: second,
    name,
    subresource: subresourceOf(...split(subresource)),
  };
}

const split = ([first, ...others]: string[]): [string | undefined, string[]] => [first, others];

// `proxy` is followed by a path of its own.
const subresourceOf = (first: string | undefined, others: string[]): string | undefined =>
  first === undefined || first === 'proxy' ? first : [first, ...others].join('/');

export function verbOf(
  method: string,
  path: ResourcePath,
  query: URLSearchParams,
): Verb | undefined {
  switch (method) {
    case 'POST':
      return 'create';
    case 'PUT':
      return 'update';
    case 'PATCH':
      return 'patch';
    case 'DELETE':
      return path.name === undefined ? 'deletecollection' : 'delete';
    case 'GET':
    case 'HEAD':
      return readingVerb(path, query);
    default:
      return undefined;
  }
}

function readingVerb(path: ResourcePath, query: URLSearchParams): Verb {
  if (path.name !== undefined) return 'get';
  return isTrue(query.get('watch')) ? 'watch' : 'list';
}

export const isTrue = (value: string | null): boolean =>
  value !== null && !['false', '0', ''].includes(value.toLowerCase());

/** A list of one object by its name is judged by that name. */
export const authorizedName = (path: ResourcePath, query: URLSearchParams): string | undefined =>
  path.name ?? selectedName(query.get('fieldSelector'));
