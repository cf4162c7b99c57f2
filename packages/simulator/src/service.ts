// The Actions service as a function from request to response. Strict: what the real one refuses is refused, and kept.
import { randomUUID } from 'node:crypto';
import type { FaultEffect, Faults } from './faults.ts';
import { ConnectionCut, Refusal, empty, gitHubError, json, text } from './http/answer.ts';
import type { Answer, Incoming } from './http/exchange.ts';
import { actionsRoutes } from './http/actions-api.ts';
import { agentRoutes } from './http/agent-api.ts';
import { authorize } from './http/authorize.ts';
import { gitHubRoutes } from './http/github-api.ts';
import { messageRoutes } from './http/message-api.ts';
import { checkForm, isGitHub } from './http/form.ts';
import { createRouter } from './http/route.ts';
import type { Context, Route, Service } from './http/route.ts';
import { runnerRoutes } from './http/runner-api.ts';
import { scaleSetRoutes } from './http/scale-set-api.ts';
import { sessionRoutes } from './http/session-api.ts';

const ROUTES: readonly Route[] = [
  ...messageRoutes,
  ...runnerRoutes,
  ...gitHubRoutes,
  ...actionsRoutes,
  ...agentRoutes,
  ...sessionRoutes,
  ...scaleSetRoutes,
];

type Arrived = Omit<Context, 'caller' | 'effect'> & { route: Route };

export function createService(
  service: Service,
  faults: Faults,
): (request: Incoming) => Promise<Answer> {
  const match = createRouter(ROUTES);
  return async (request) => {
    try {
      const incoming = findRoute(service, match, request);
      checkForm(incoming);
      const caller = authorize(incoming, incoming.route.needs);
      const effect = faults.meet({
        call: incoming.route.call,
        scope: caller.scope?.name,
        scaleSet: caller.scaleSet?.name,
      });
      return withIds(await answer({ ...incoming, caller, effect }, incoming.route));
    } catch (error) {
      if (!(error instanceof Refusal)) throw error;
      if (error.rule !== undefined) service.violate(request, error.rule, true);
      return withIds(error.response);
    }
  };
}

function findRoute(
  service: Service,
  match: ReturnType<typeof createRouter>,
  request: Incoming,
): Arrived {
  const { url } = request;
  const path = url.pathname.replace(/\/{2,}/g, '/');
  const restPath = path.replace(/^\/api\/v3(?=\/)/, '');
  const found = match(request.method, restPath);
  switch (found.is) {
    case 'found':
      // Only the REST API is there twice: on a host of its own, and below /api/v3 of a GHES.
      if (restPath !== path && !isGitHub(found.route)) throw notFound();
      return { service, request, url, params: found.params, route: found.route };
    case 'wrong-method': {
      const refused = text(405, 'method not allowed');
      refused.headers['allow'] = found.allowed.join(', ');
      throw new Refusal(refused, `${request.method} is not allowed here`);
    }
    case 'unknown':
      throw notFound();
  }
}

const notFound = (): Refusal => new Refusal(gitHubError(404, 'Not Found'), 'no such path');

async function answer(context: Context, route: Route): Promise<Answer> {
  const { effect, request } = context;
  if (effect) {
    const instead = insteadOf(effect);
    if (instead) return instead;
    await waited(context, effect);
  }
  request.signal.throwIfAborted();
  const response = await route.answer(context);
  if (effect?.do === 'lose-answer') throw new ConnectionCut();
  if (effect?.do !== 'byte-order-mark' || typeof response.body !== 'string') return response;
  return { ...response, body: `\uFEFF${response.body}` };
}

// The answer of a call that is not carried out.
function insteadOf(effect: FaultEffect): Answer | undefined {
  if (effect.do === 'answer') return scripted(effect);
  if (effect.do === 'empty') return empty200();
  if (effect.do === 'forget') return empty(effect.status);
  if (effect.do === 'drop') throw new ConnectionCut();
  return undefined;
}

const empty200 = (): Answer => ({
  status: 200,
  headers: { 'content-type': 'application/json' },
  body: '',
});

function scripted(effect: Extract<FaultEffect, { do: 'answer' }>): Answer {
  const { status, typeName, message = 'scripted', retryAfterSeconds } = effect;
  const response =
    effect.text === undefined
      ? json(status, { ...(typeName !== undefined && { typeName }), message })
      : text(status, effect.text);
  if (effect.contentType !== undefined) response.headers['content-type'] = effect.contentType;
  const retryAfter = effect.retryAfter ?? retryAfterSeconds?.toString();
  if (retryAfter !== undefined) response.headers['retry-after'] = retryAfter;
  return response;
}

// Timers cannot be set to more than this; nobody waits for 24 days.
const LONGEST_MS = 2 ** 31 - 1;

async function waited({ service, request }: Context, effect: FaultEffect): Promise<void> {
  if (effect.do !== 'delay' && effect.do !== 'hang') return;
  await service.holds.wait({
    ms: effect.do === 'hang' ? LONGEST_MS : Math.min(effect.ms, LONGEST_MS),
    signal: request.signal,
    look: () => undefined,
    subscribe: () => () => undefined,
  });
  if (effect.do === 'hang') throw new ConnectionCut();
}

function withIds(response: Answer): Answer {
  response.headers['activityid'] = randomUUID();
  response.headers['x-github-request-id'] = randomUUID().replaceAll('-', '').toUpperCase();
  return response;
}
