// Sessions: opened and refreshed with the admin token; what they hand out is the queue's URL and token.
import type { RunnerScaleSetSession, Statistics } from '@muster/actions/wire';
import { z } from 'zod';
import { endSession, isAlive, openSession } from '../world/sessions.ts';
import { statistics } from '../world/scale-sets.ts';
import type { Session } from '../world/model.ts';
import { Refusal, badRequest, empty, exception, json } from './answer.ts';
import type { Answer } from './exchange.ts';
import { readBody } from './body.ts';
import { required } from './route.ts';
import type { Context, Route } from './route.ts';
import { describe } from './scale-set-api.ts';

const SESSIONS = '/tenant/:tenant/_apis/runtime/runnerscalesets/:scaleSet/sessions';

export const sessionRoutes: readonly Route[] = [
  {
    call: 'create-session',
    method: 'POST',
    path: SESSIONS,
    needs: 'admin',
    body: 'json',
    answer: open,
  },
  {
    call: 'refresh-session',
    method: 'PATCH',
    path: `${SESSIONS}/:session`,
    needs: 'admin',
    answer: refresh,
  },
  {
    call: 'delete-session',
    method: 'DELETE',
    path: `${SESSIONS}/:session`,
    needs: 'admin',
    answer: close,
  },
];

const wish = z.object({
  // The nil GUID of Go's client, or nothing: the service makes its own.
  sessionId: z.guid().nullish(),
  ownerName: z.string().nullish(),
  runnerScaleSet: z.unknown().optional(),
});

function open(context: Context): Answer {
  const scaleSet = required(context, 'scaleSet');
  const { ownerName } = readBody(context, wish);
  if (!ownerName) throw badRequest('ownerName must not be empty');
  const session = openSession(context.service.world, scaleSet, ownerName);
  if (session !== 'taken') return json(200, describeSession(context, session));
  const owner = scaleSet.session?.owner ?? '';
  const message = `The runner scale set ${scaleSet.name} already has an active session for owner ${owner}.`;
  throw new Refusal(exception('RunnerScaleSetSessionConflictException', message));
}

function refresh(context: Context): Answer {
  const session = sessionOf(context);
  const { world } = context.service;
  if (session && isAlive(world, session)) {
    session.heardAt = world.now();
    return json(200, describeSession(context, session));
  }
  if (required(context, 'scope').mode === 'acquire') throw notValid(context);
  const message = "runner referenced a session ID that doesn't exist in redis";
  throw new Refusal(exception('RunnerAdminException', message));
}

function close(context: Context): Answer {
  const session = sessionOf(context);
  if (!session) throw notValid(context);
  endSession(context.service.world, session, 'closed');
  return empty(204);
}

function sessionOf(context: Context): Session | undefined {
  const { session } = required(context, 'scaleSet');
  return session?.id === context.params['session']?.toLowerCase() ? session : undefined;
}

function notValid({ params }: Context): Refusal {
  const message = `The session identifier ${params['session'] ?? ''} is not valid.`;
  return new Refusal(exception('RunnerScaleSetSessionExpiredException', message));
}

// `statistics: null` was seen; the shape of a sound session has no place for it.
type ToldSession = Omit<RunnerScaleSetSession, 'statistics'> & { statistics: Statistics | null };

function describeSession(context: Context, session: Session): ToldSession {
  const { scaleSet } = session;
  const { effect, service } = context;
  return {
    sessionId: session.id,
    ownerName: session.owner,
    runnerScaleSet: describe(context, scaleSet),
    messageQueueUrl: effect?.do === 'empty-queue-url' ? '' : queueUrl(context, session),
    messageQueueAccessToken: service.credentials.issueQueue(session),
    statistics: toldStatistics(context, session),
  };
}

/** Of this moment, unless a fault wants others. */
export function toldStatistics({ effect }: Context, { scaleSet }: Session): Statistics | null {
  if (effect?.do === 'null-statistics') return null;
  const told = statistics(scaleSet);
  if (effect?.do !== 'zero-statistics') return told;
  for (const key of Object.keys(told) as (keyof Statistics)[]) told[key] = 0;
  return told;
}

// Two forms, both seen: now the token alone names the queue; before, a query did too and had to be kept.
function queueUrl({ url }: Context, { id, scaleSet }: Session): string {
  const { mode, id: tenant } = scaleSet.scope;
  if (mode === 'assign') return `${url.origin}/scalesets/message`;
  return `${url.origin}/tenant/${tenant}/_apis/runtime/messages/${scaleSet.id}?sessionId=${id}`;
}
