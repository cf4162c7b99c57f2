// From a request to its answer: who asks, what for, whether they may, and then the thing itself.
import { authenticate, impersonated } from './auth/tokens.ts';
import { may, refusal } from './auth/rbac.ts';
import type { Act } from './auth/rbac.ts';
import type { Call } from './call.ts';
import { discover, VERSION } from './discovery.ts';
import type { Found } from './discovery.ts';
import type { PodLogs } from './logs.ts';
import { BrokenConnection } from './faults.ts';
import type { Faults } from './faults.ts';
import { lacking } from './lacking.ts';
import { openApi } from './openapi.ts';
import { authorizedName, parsePath, verbOf } from './path.ts';
import type { ResourcePath } from './path.ts';
import { read } from './reading.ts';
import type { Reader } from './reading.ts';
import { signalOf } from './request-signal.ts';
import { failure, json } from './respond.ts';
import { ApiError, methodNotAllowed, noSuchPath, NoSuchPage, notImplemented } from './status.ts';
import { OpenWatches } from './watch.ts';
import type { User, World } from './world.ts';
import { write } from './writing.ts';

interface Service {
  fetch: (request: Request) => Promise<Response>;
  watches: OpenWatches;
  close: () => void;
}

export interface Surroundings {
  podLogs: PodLogs | undefined;
  faults: Faults;
}

export function createService(world: World, { podLogs, faults }: Surroundings): Service {
  const closing = new AbortController();
  const watches = new OpenWatches();
  const reader = (request: Request): Reader => ({
    podLogs,
    watches,
    signal: signalOf(request, closing.signal),
  });
  return {
    fetch: async (request) => {
      try {
        if (closing.signal.aborted) throw closed();
        return await answer(world, request, { reader, faults });
      } catch (error) {
        if (error instanceof BrokenConnection) throw error;
        return failure(error);
      }
    },
    watches,
    close: () => {
      closing.abort();
    },
  };
}

const closed = (): ApiError =>
  new ApiError({ code: 503, reason: 'ServiceUnavailable' }, 'the server is shutting down');

interface Answering {
  reader: (request: Request) => Reader;
  faults: Faults;
}

async function answer(
  world: World,
  request: Request,
  { reader, faults }: Answering,
): Promise<Response> {
  const { pathname, searchParams: query } = new URL(request.url);
  if (['/healthz', '/livez', '/readyz'].includes(pathname)) return new Response('ok');
  const { headers } = request;
  const asker = await authenticate(world, headers.get('authorization'));
  const user = impersonated(world, asker, headers);
  const path = parsePath(pathname);
  if (path === undefined) return outside(world, user, request);
  const call = understand(world, user, { path, query, request });
  authorize(world, call);
  const isRead = call.verb === 'get' || call.verb === 'list' || call.verb === 'watch';
  return faults.meet(call, () =>
    isRead ? read(world, call, reader(request)) : write(world, call),
  );
}

/** Paths that are about no resource. */
function outside(world: World, user: User, request: Request): Response {
  const { pathname } = new URL(request.url);
  const act: Act = { verb: request.method.toLowerCase(), path: pathname };
  if (!may(world, user, act)) throw refusal(user, act);
  if (request.method !== 'GET') throw methodNotAllowed();
  const found = describe(world, pathname, request.headers.get('accept') ?? '');
  if (found === undefined) throw noSuchPath();
  const response = json(found.body);
  if (found.contentType !== undefined) response.headers.set('content-type', found.contentType);
  return response;
}

function describe(world: World, pathname: string, accept: string): Found | undefined {
  if (/^\/version\/?$/.test(pathname)) return { body: VERSION };
  if (pathname.startsWith('/openapi/v2')) throw notImplemented('OpenAPI v2');
  if (!pathname.startsWith('/openapi/v3')) return discover(world, pathname, accept);
  const body = openApi(world, pathname);
  return body === undefined ? undefined : { body };
}

interface Asked {
  path: ResourcePath;
  query: URLSearchParams;
  request: Request;
}

function understand(world: World, user: User, { path, query, request }: Asked): Call {
  const verb = verbOf(request.method, path, query);
  if (verb === undefined) throw methodNotAllowed();
  const resource = world.registry.find(path.apiVersion, path.plural);
  if (resource === undefined) {
    // The real server asks for the right before it looks for the resource.
    const act = { ...path, verb, name: path.name };
    if (!may(world, user, act)) throw refusal(user, act);
    const refused = lacking(path);
    if (refused !== undefined) throw refused;
    throw world.registry.hasGroup(path.apiVersion) ? noSuchPath() : new NoSuchPage();
  }
  return { verb, path, resource, user, query, request };
}

function authorize(world: World, { verb, path, user, query }: Call): void {
  const { group, plural, subresource, namespace } = path;
  const name = authorizedName(path, query);
  const act: Act = { verb, group, plural, subresource, namespace, name };
  if (!may(world, user, act)) throw refusal(user, act);
}
