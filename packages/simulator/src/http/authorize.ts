// Which token a call brings, and whether it is of the right kind, for the right place and still valid.
import { agentOf } from '../world/runners.ts';
import { scopeOf } from '../world/scale-sets.ts';
import type { ScaleSet, Scope, Session } from '../world/model.ts';
import { Refusal, exception, gitHubError, text } from './answer.ts';
import type { Caller, Context, Needs } from './route.ts';

type Incoming = Omit<Context, 'caller' | 'effect'>;

export async function authorize(incoming: Incoming, needs: Needs): Promise<Caller> {
  switch (needs) {
    case 'app':
      return { token: bearer(incoming, () => gitHubError(401, 'Bad credentials')) };
    case 'github':
      return gitHub(incoming);
    case 'registration':
      return registration(incoming);
    case 'admin':
      return admin(incoming);
    case 'queue':
      return queue(incoming);
    case 'runner':
      return runner(incoming);
  }
}

function gitHub(incoming: Incoming): Caller {
  const { service, params } = incoming;
  const unauthorized = (): Response => gitHubError(401, 'Bad credentials');
  const token = bearer(incoming, unauthorized);
  const { org, repo, enterprise } = params;
  const path = enterprise === undefined ? [org, repo].join('/') : `enterprises/${enterprise}`;
  const scope = scopeOf(service.world, path);
  if (!scope) throw new Refusal(gitHubError(404, 'Not Found'));
  switch (service.credentials.judge(token, scope)) {
    case 'valid':
      return { token, scope };
    case 'unknown':
      throw new Refusal(unauthorized());
    case 'forbidden':
      throw new Refusal(gitHubError(403, 'Resource not accessible by personal access token'));
  }
}

function registration({ request, service }: Incoming): Caller {
  const [scheme, token = ''] = authorization(request);
  const scope = service.credentials.registrationScope(token);
  const unauthorized = (): Response => gitHubError(401, 'Bad credentials');
  if (scheme !== 'remoteauth') {
    throw new Refusal(unauthorized(), 'the registration token is sent as RemoteAuth');
  }
  if (!scope) throw new Refusal(unauthorized());
  return { token, scope };
}

async function admin(incoming: Incoming): Promise<Caller> {
  const { service, params } = incoming;
  const unauthorized = (): Response => exception('InvalidTokenException', 'The token is invalid.');
  const token = bearer(incoming, unauthorized);
  const key = await service.credentials.adminScope(token);
  if (key === undefined) {
    const isQueue = service.credentials.queueSession(token) !== undefined;
    throw new Refusal(
      unauthorized(),
      isQueue ? 'a queue token where the admin token belongs' : undefined,
    );
  }
  const scope = service.world.scopes.get(key);
  if (!scope || `${scope.id}` !== params['tenant']) {
    throw new Refusal(unauthorized(), 'an admin token of another scope');
  }
  const scaleSet = scaleSetOf(incoming, scope);
  return { token, scope, ...(scaleSet && { scaleSet }) };
}

async function queue(incoming: Incoming): Promise<Caller> {
  const { service, params, url } = incoming;
  // Only the status counts: clients read every 401 here as an expired token.
  const unauthorized = (): Response => text(401, 'unauthorized');
  const token = bearer(incoming, unauthorized);
  const session = service.credentials.queueSession(token);
  if (!session || !isCurrent(session)) {
    const isAdmin = (await service.credentials.adminScope(token)) !== undefined;
    throw new Refusal(
      unauthorized(),
      isAdmin ? 'an admin token where the queue token belongs' : undefined,
    );
  }
  const { scaleSet } = session;
  const named = params['scaleSet'];
  if (named !== undefined && named !== `${scaleSet.id}`) {
    throw new Refusal(unauthorized(), 'a queue token of another scale set');
  }
  if (params['queue'] !== undefined && url.searchParams.get('sessionId') !== session.id) {
    throw new Refusal(unauthorized(), 'the query of the queue URL must be kept');
  }
  return { token, scope: scaleSet.scope, scaleSet, session };
}

const isCurrent = (session: Session): boolean => session.scaleSet.session === session;

function runner(incoming: Incoming): Caller {
  const unauthorized = (): Response => text(401, 'this runner is not registered (any more)');
  const token = bearer(incoming, unauthorized);
  const agent = agentOf(incoming.service.world, token);
  if (!agent) throw new Refusal(unauthorized());
  agent.heardAt = incoming.service.world.now();
  return { token, agent, scaleSet: agent.scaleSet, scope: agent.scaleSet.scope };
}

function scaleSetOf({ params, service }: Incoming, scope: Scope): ScaleSet | undefined {
  const id = params['scaleSet'];
  if (id === undefined) return undefined;
  const scaleSet = service.world.scaleSets.get(Number(id));
  if (scaleSet?.scope === scope) return scaleSet;
  const message = `No runner scale set found with identifier ${id}.`;
  throw new Refusal(exception('RunnerScaleSetNotFoundException', message));
}

function bearer({ request }: Incoming, unauthorized: () => Response): string {
  const [scheme, token = ''] = authorization(request);
  if (scheme !== 'bearer')
    throw new Refusal(unauthorized(), 'Authorization must be a Bearer token');
  if (token === '') throw new Refusal(unauthorized(), 'the token is empty');
  return token;
}

function authorization(request: Request): [scheme: string, token?: string] {
  const [scheme = '', token] = (request.headers.get('authorization') ?? '').trim().split(/\s+/);
  return token === undefined ? [scheme.toLowerCase()] : [scheme.toLowerCase(), token];
}
