// The form of a call, whoever makes it: what GitHub refuses, and what no client of GitHub's would send.
import { Refusal, badRequest, gitHubError } from './answer.ts';
import type { Context, Needs, Route } from './route.ts';

type Arrived = Omit<Context, 'caller' | 'effect'> & { route: Route };

const REST: readonly Needs[] = ['actions-read', 'actions-write'];
const GITHUB: readonly Needs[] = ['app', 'github', 'registration', ...REST];

/** Calls that go to api.github.com, or below /api/v3. */
export const isGitHub = ({ needs }: Route): boolean => GITHUB.includes(needs);

/** Throws for what is refused, and keeps the rest as violations. */
export function checkForm(incoming: Arrived): void {
  const { request, route } = incoming;
  if (route.needs === 'runner') return;
  if (!request.header('user-agent')) {
    const rule = 'User-Agent must be sent';
    throw isGitHub(route) ? new Refusal(gitHubError(403, rule), rule) : badRequest(rule);
  }
  if (isServiceApi(incoming)) checkVersion(incoming);
  else if (isRest(route)) checkRestVersion(incoming);
  for (const rule of oddities(incoming)) incoming.service.violate(request, rule, false);
}

const isUntyped = ({ call, needs }: Route): boolean =>
  call === 'get-message' || needs === 'actions-read';

// The queue's URL is used as it was handed out.
const isServiceApi = ({ route }: Arrived): boolean => !isGitHub(route) && !isQueue(route);

const isRest = ({ needs }: Route): boolean => REST.includes(needs);

const isQueue = ({ call }: Route): boolean => call === 'get-message' || call === 'delete-message';

function checkVersion({ url }: Arrived): void {
  const version = url.searchParams.get('api-version');
  if (version === '6.0-preview') return;
  throw badRequest(`api-version must be 6.0-preview, not ${version ?? 'absent'}`);
}

/** Absent is the oldest that GitHub still serves. */
function checkRestVersion({ request }: Arrived): void {
  const version = request.header('x-github-api-version');
  if (version === undefined || version === '2022-11-28') return;
  const rule = `X-GitHub-Api-Version must be 2022-11-28, not ${version}`;
  throw new Refusal(gitHubError(400, rule), rule);
}

function oddities(incoming: Arrived): string[] {
  const { request, route, url } = incoming;
  // On every method, with a body or without one; the poll and what the REST API is asked for have none.
  const type = request.header('content-type') ?? 'absent';
  const isTyped = isUntyped(route) || type.includes('json');
  const known = [...(route.query ?? []), ...(isServiceApi(incoming) ? ['api-version'] : [])];
  const unknown = [...new Set(url.searchParams.keys())].filter((name) => !known.includes(name));
  return [
    ...(isTyped ? [] : [`Content-Type must be JSON, not ${type}`]),
    ...(!route.body && request.body !== '' ? ['a body where none belongs'] : []),
    ...unknown.map((name) => `unknown query parameter ${name}`),
  ];
}
