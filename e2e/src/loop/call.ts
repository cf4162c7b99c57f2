// What a request asks for, in few words and without names, so that equal calls of different runs are equal.

export type Side = 'kubernetes' | 'github';

export interface Call {
  side: Side;
  /** `create pods`, `patch ephemeralrunners/status`, `DELETE message/:id`. */
  what: string;
  is: 'read' | 'watch' | 'write';
}

export function callOf(side: Side, request: Request): Call {
  const url = new URL(request.url);
  return { side, ...(side === 'kubernetes' ? toKubernetes(request, url) : toGitHub(request, url)) };
}

const VERBS: Readonly<Record<string, string>> = {
  POST: 'create',
  PUT: 'update',
  PATCH: 'patch',
  DELETE: 'delete',
};

const RESOURCE =
  /^\/(?:api|apis\/[^/]+)\/[^/]+\/(?:namespaces\/[^/]+\/)?([^/]+)(?:\/([^/]+))?(?:\/(.+))?$/;

function toKubernetes({ method }: Request, { pathname, searchParams }: URL): Omit<Call, 'side'> {
  const [, resource = pathname, name, part] = RESOURCE.exec(pathname) ?? [];
  const object = part === undefined ? resource : `${resource}/${part}`;
  if (searchParams.has('watch')) return { is: 'watch', what: `watch ${object}` };
  const reading = name === undefined ? 'list' : 'get';
  if (method === 'GET') return { is: 'read', what: `${reading} ${object}` };
  const what = `${VERBS[method] ?? method} ${object}`;
  if (searchParams.has('dryRun')) return { is: 'read', what: `${what} (dry run)` };
  return { is: resource.endsWith('reviews') ? 'read' : 'write', what };
}

const ID = /^(?:\d+|[0-9a-f]{8}-[0-9a-f-]{27})$/;
/** POSTs that only ask for a token. */
const ASKING = /registration(?:-token)?$/;

function toGitHub({ method }: Request, { pathname }: URL): Omit<Call, 'side'> {
  const path = pathname.replace(/^\/tenant\/[^/]+\/_apis\/[^/]+\//, '').replace(/^\//, '');
  const segments = path.split('/').map((segment) => (ID.test(segment) ? ':id' : segment));
  const isRead = method === 'GET' || ASKING.test(pathname);
  return { is: isRead ? 'read' : 'write', what: `${method} ${segments.join('/')}` };
}
