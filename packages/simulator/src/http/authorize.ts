// Which token a call brings, and whether it is of the right kind, for the right place and still valid.
import type { Right, TokenKind } from '../credentials.ts';
import { agentOf } from '../world/runners.ts';
import { scopeOf } from '../world/scale-sets.ts';
import type { ScaleSet, Scope, Session } from '../world/model.ts';
import { Refusal, exception, gitHubError, text } from './answer.ts';
import type { Answer } from './exchange.ts';
import type { Caller, Context, Needs } from './route.ts';

type Arrived = Omit<Context, 'caller' | 'effect'>;

const AUTHORIZE: Readonly<Record<Needs, (incoming: Arrived) => Caller>> = {
  app,
  github: (incoming) => gitHub(incoming, 'runners'),
  'actions-read': (incoming) => gitHub(incoming, 'actions:read'),
  'actions-write': (incoming) => gitHub(incoming, 'actions:write'),
  registration,
  admin,
  queue,
  runner,
};

export const authorize = (incoming: Arrived, needs: Needs): Caller => AUTHORIZE[needs](incoming);

const badCredentials = (): Answer => gitHubError(401, 'Bad credentials');

function app(incoming: Arrived): Caller {
  const token = tokenOf(incoming, ['bearer'], badCredentials);
  refuseOthers(incoming, { token, wanted: ['app'] }, () =>
    gitHubError(401, 'A JSON web token could not be decoded'),
  );
  return { token };
}

function gitHub(incoming: Arrived, right: Right): Caller {
  const { service, params } = incoming;
  const token = tokenOf(incoming, ['bearer', 'token', 'basic'], badCredentials);
  const { org, repo, enterprise } = params;
  const path = enterprise === undefined ? [org, repo].join('/') : `enterprises/${enterprise}`;
  const scope = scopeOf(service.world, path);
  if (!scope) throw new Refusal(gitHubError(404, 'Not Found'));
  refuseOthers(incoming, { token, wanted: ['personal', 'installation'] }, badCredentials);
  switch (service.credentials.judge(token, scope, right)) {
    case 'valid':
      return { token, scope };
    case 'unknown':
      throw new Refusal(badCredentials());
    case 'forbidden': {
      const isApp = service.credentials.kindOf(token) === 'installation';
      const owner = isApp ? 'integration' : 'personal access token';
      throw new Refusal(gitHubError(403, `Resource not accessible by ${owner}`));
    }
  }
}

function registration(incoming: Arrived): Caller {
  const token = tokenOf(incoming, ['remoteauth'], badCredentials);
  const scope = incoming.service.credentials.registrationScope(token);
  if (scope) return { token, scope };
  refuseOthers(incoming, { token, wanted: ['registration'] }, badCredentials);
  throw new Refusal(badCredentials());
}

function admin(incoming: Arrived): Caller {
  const { service, params } = incoming;
  const unauthorized = (): Answer => exception('InvalidTokenException', 'The token is invalid.');
  const token = tokenOf(incoming, ['bearer'], unauthorized);
  const scope = service.credentials.adminScope(token);
  if (!scope) {
    refuseOthers(incoming, { token, wanted: ['admin'] }, unauthorized);
    throw new Refusal(unauthorized());
  }
  if (`${scope.id}` !== params['tenant']) {
    throw new Refusal(unauthorized(), 'an admin token of another scope');
  }
  const scaleSet = scaleSetOf(incoming, scope);
  return { token, scope, ...(scaleSet && { scaleSet }) };
}

// Only the status counts on the queue: clients read every 401 here as an expired token.
const notOnTheQueue = (): Answer => text(401, 'unauthorized');

function queue(incoming: Arrived): Caller {
  const { service, params, url } = incoming;
  const token = tokenOf(incoming, ['bearer'], notOnTheQueue);
  const session = service.credentials.queueSession(token);
  if (!session || !isCurrent(session)) {
    refuseOthers(incoming, { token, wanted: ['queue'] }, notOnTheQueue);
    throw new Refusal(notOnTheQueue());
  }
  const { scaleSet } = session;
  const named = params['scaleSet'];
  if (named !== undefined && named !== `${scaleSet.id}`) {
    throw new Refusal(notOnTheQueue(), 'a queue token of another scale set');
  }
  if (params['queue'] !== undefined && url.searchParams.get('sessionId') !== session.id) {
    throw new Refusal(notOnTheQueue(), 'the query of the queue URL must be kept');
  }
  return { token, scope: scaleSet.scope, scaleSet, session };
}

const isCurrent = (session: Session): boolean => session.scaleSet.session === session;

function runner(incoming: Arrived): Caller {
  const unauthorized = (): Answer => text(401, 'this runner is not registered (any more)');
  const token = tokenOf(incoming, ['bearer'], unauthorized);
  const agent = agentOf(incoming.service.world, token);
  if (!agent) {
    refuseOthers(incoming, { token, wanted: [] }, unauthorized);
    throw new Refusal(unauthorized());
  }
  agent.heardAt = incoming.service.world.now();
  return { token, agent, scaleSet: agent.scaleSet, scope: agent.scaleSet.scope };
}

function scaleSetOf({ params, service }: Arrived, scope: Scope): ScaleSet | undefined {
  const id = params['scaleSet'];
  if (id === undefined) return undefined;
  const scaleSet = /^\d+$/.test(id) ? service.world.scaleSets.get(Number(id)) : undefined;
  if (scaleSet?.scope === scope) return scaleSet;
  const message = `No runner scale set found with identifier ${id}.`;
  throw new Refusal(exception('RunnerScaleSetNotFoundException', message));
}

const SCHEMES: Readonly<Record<string, string>> = {
  bearer: 'a Bearer token',
  token: 'a Bearer token',
  basic: 'a Bearer token',
  remoteauth: 'a RemoteAuth token',
};

/** The token behind one of these schemes. */
function tokenOf(
  { request }: Arrived,
  schemes: readonly [string, ...string[]],
  unauthorized: () => Answer,
): string {
  const [scheme = '', token = ''] = (request.header('authorization') ?? '').trim().split(/\s+/);
  if (!schemes.includes(scheme.toLowerCase())) {
    throw new Refusal(unauthorized(), `Authorization must be ${SCHEMES[schemes[0]] ?? ''}`);
  }
  const shown = scheme.toLowerCase() === 'basic' ? passwordOf(token) : token;
  if (shown === '') throw new Refusal(unauthorized(), 'the token is empty');
  return shown;
}

// ARC before 0.7 sends a personal access token so, and GitHub takes it: any user name, the token as password.
const passwordOf = (basic: string): string =>
  Buffer.from(basic, 'base64').toString().split(':').slice(1).join(':');

const KINDS: Readonly<Record<TokenKind, string>> = {
  personal: 'a personal access token',
  app: 'an App JWT',
  installation: 'an installation token',
  registration: 'a registration token',
  admin: 'an admin token',
  queue: 'a queue token',
};

interface Wanted {
  token: string;
  wanted: readonly TokenKind[];
}

/** Refuses a token that is known to be of another kind. One that is unknown may have been good once. */
function refuseOthers(
  { service }: Arrived,
  { token, wanted }: Wanted,
  unauthorized: () => Answer,
): void {
  const kind = agentOf(service.world, token) ? 'runner' : service.credentials.kindOf(token);
  if (kind === undefined || wanted.some((one) => one === kind)) return;
  const found = kind === 'runner' ? "a runner's token" : KINDS[kind];
  const belongs = wanted.map((one) => KINDS[one]).join(' or ') || "a runner's token";
  throw new Refusal(unauthorized(), `${found} where ${belongs} belongs`);
}
