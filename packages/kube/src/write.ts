// The calls that change objects: create, the patches, delete.
import { call } from './call.ts';
import { collectionPath, objectPath, query, titleOf } from './paths.ts';
import { isAbsence, isAnotherObject } from './status.ts';
import type { Caller, Wish } from './call.ts';
import type { At, Kind, KubeObject } from './object.ts';
import type { DeleteOptions, WriteOptions } from './types.ts';

const MERGE_PATCH = 'application/merge-patch+json';
const JSON_PATCH = 'application/json-patch+json';

const search = ({ dryRun = false, fieldValidation }: WriteOptions): string =>
  query({}, { dryRun: dryRun ? 'All' : undefined, fieldValidation });

const ofCaller = ({ signal, onWarning }: WriteOptions): Pick<Wish, 'signal' | 'onWarning'> => ({
  signal,
  onWarning,
});

export async function create<T extends KubeObject>(
  kind: Kind<T>,
  { object, ...options }: WriteOptions & { object: { metadata: At } },
  caller: Caller,
): Promise<T> {
  const { metadata } = object;
  const wish = {
    what: `create ${titleOf(kind, metadata)}`,
    method: 'POST' as const,
    path: collectionPath(kind, metadata.namespace) + search(options),
    body: object,
    ...ofCaller(options),
  };
  return (await call(wish, caller)) as T;
}

interface Patch extends WriteOptions {
  at: At;
  subresource?: 'status' | 'scale';
  /** An object is a merge patch, a list is a JSON patch. */
  body: object;
}

/** The object, or the subresource, as it is then; undefined when there is none. */
export function patch(
  kind: Kind,
  { at, subresource, body, ...options }: Patch,
  caller: Caller,
): Promise<unknown> {
  const title = titleOf(kind, at);
  const wish = {
    what: `patch ${subresource === undefined ? '' : `the ${subresource} of `}${title}`,
    method: 'PATCH' as const,
    path: `${objectPath(kind, at)}${subresource === undefined ? '' : `/${subresource}`}${search(options)}`,
    contentType: Array.isArray(body) ? JSON_PATCH : MERGE_PATCH,
    body,
    unless: isAbsence,
    ...ofCaller(options),
  };
  return call(wish, caller);
}

export async function remove(
  kind: Kind,
  { at, signal, uid, resourceVersion, dryRun = false, ...how }: DeleteOptions & { at: At },
  caller: Caller,
): Promise<'deleted' | 'absent'> {
  const conditions = { uid, resourceVersion };
  const answer = await call(
    {
      what: `delete ${titleOf(kind, at)}`,
      method: 'DELETE',
      path: objectPath(kind, at),
      body: {
        kind: 'DeleteOptions',
        apiVersion: 'v1',
        ...how,
        ...(dryRun ? { dryRun: ['All'] } : {}),
        ...(uid === undefined && resourceVersion === undefined
          ? {}
          : { preconditions: conditions }),
      },
      signal,
      unless: (refusal) => isAbsence(refusal) || (uid !== undefined && isAnotherObject(refusal)),
    },
    caller,
  );
  return answer === undefined ? 'absent' : 'deleted';
}
