// Get, list and watch.
import type { Call } from './call.ts';
import { textOf } from './json.ts';
import { list, requireVersion } from './list.ts';
import { readLog } from './logs.ts';
import type { PodLogs } from './logs.ts';
import { isTrue } from './path.ts';
import type { KubeObject } from './object.ts';
import { formOf, json, jsonText, objectText, pageText } from './respond.ts';
import type { Presenting } from './respond.ts';
import { scaleOf } from './scale.ts';
import { matcherOf } from './selector.ts';
import {
  badRequest,
  invalid,
  methodNotAllowed,
  noSuchPath,
  notFound,
  notImplemented,
} from './status.ts';
import { watch } from './watch.ts';
import type { OpenWatches } from './watch.ts';
import type { World } from './world.ts';

export interface Reader {
  podLogs: PodLogs | undefined;
  watches: OpenWatches;
  /** Ends a watch or a log. */
  signal: AbortSignal;
}

export async function read(world: World, call: Call, reader: Reader): Promise<Response> {
  const { verb, resource, path, query, request } = call;
  if (resource.virtual) throw methodNotAllowed();
  const presenting = { resource, form: formOf(request, query), now: world.now() };
  if (verb === 'get') return get(world, call, { reader, presenting });
  if (!resource.namespaced && path.namespace !== undefined && resource.table !== 'namespaces')
    throw noSuchPath();
  const matches = matcherOf(resource, query);
  const namespace = path.namespace;
  if (verb === 'list') {
    return jsonText(pageText(list(world, { resource, namespace, matches, query }), presenting));
  }
  return startWatch(world, call, { reader, presenting });
}

/** The object a path names, or a 404. */
export function named(world: World, { resource, path }: Call): KubeObject {
  const { name = '', namespace } = path;
  const space = resource.namespaced ? namespace : undefined;
  const object = world.store.get(resource.table, { namespace: space, name });
  if (object === undefined) throw notFound(resource, name);
  return object;
}

async function get(
  world: World,
  call: Call,
  { reader, presenting }: { reader: Reader; presenting: Presenting },
): Promise<Response> {
  const { resource, path, query } = call;
  const object = named(world, call);
  switch (path.subresource) {
    case undefined:
    case 'status':
      return jsonText(objectText(object, presenting));
    case 'scale':
      return json(scaleOf(resource, object));
    case 'log':
      if (resource.table !== 'pods') throw noSuchPath();
      return readLog(reader.podLogs, object, { query, signal: reader.signal, now: world.now() });
    default:
      throw resource.subresources.includes(path.subresource)
        ? notImplemented(`${resource.plural}/${path.subresource}`)
        : noSuchPath();
  }
}

function startWatch(
  world: World,
  { resource, path, query }: Call,
  { reader, presenting }: { reader: Reader; presenting: Presenting },
): Response {
  const initialEvents = isTrue(query.get('sendInitialEvents'));
  const from = query.get('resourceVersion') ?? '';
  requireVersion(world.store.version, from);
  if (initialEvents && query.get('resourceVersionMatch') !== 'NotOlderThan') {
    throw invalid({ group: 'meta.k8s.io', kind: 'ListOptions' }, '', [
      {
        reason: 'FieldValueForbidden',
        field: 'resourceVersionMatch',
        message:
          'Forbidden: sendInitialEvents requires setting resourceVersionMatch to NotOlderThan',
      },
    ]);
  }
  const stream = watch(world, {
    resource,
    namespace: path.namespace,
    matches: matcherOf(resource, query),
    from: initialEvents || from === '' || from === '0' ? undefined : Number(from),
    bookmarks: isTrue(query.get('allowWatchBookmarks')),
    initialEvents,
    timeoutMs: timeoutOf(query),
    textOf:
      presenting.form.as === 'objects'
        ? textOf
        : (object) => objectText(object, { ...presenting, now: world.now() }),
    signal: reader.signal,
    watches: reader.watches,
  });
  return new Response(stream, { headers: { 'content-type': 'application/json;stream=watch' } });
}

/** Half an hour to an hour when the reader sets no limit, as the real server does. */
function timeoutOf(query: URLSearchParams): number {
  const given = query.get('timeoutSeconds') ?? '';
  if (given === '') return (1800 + Math.random() * 1800) * 1000;
  if (!/^\d+$/.test(given))
    throw badRequest(`timeoutSeconds must be a whole number, not "${given}"`);
  return Number(given) * 1000;
}
