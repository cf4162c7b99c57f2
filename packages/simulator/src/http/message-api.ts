// The queue of a session, and the winning of jobs. All with the queue token.
import type { JobMessage, RunnerScaleSetMessage } from '@muster/actions/wire';
import { z } from 'zod';
import { acquireJobs } from '../world/jobs.ts';
import { awaitMessage, poll } from '../world/sessions.ts';
import type { Poll } from '../world/sessions.ts';
import type { SealedMessage } from '../world/message-queue.ts';
import type { JobRecord, Session } from '../world/model.ts';
import { Refusal, badRequest, empty, json, list, text } from './answer.ts';
import type { Answer } from './exchange.ts';
import { check, readJson } from './body.ts';
import { required } from './route.ts';
import { toldStatistics } from './session-api.ts';
import type { Context, Route } from './route.ts';

const QUEUE = '/scalesets/message';
const OLD_QUEUE = '/tenant/:tenant/_apis/runtime/messages/:queue';
const SET = '/tenant/:tenant/_apis/runtime/runnerscalesets/:scaleSet';

const queueRoutes = (path: string, query: readonly string[]): Route[] => [
  {
    call: 'get-message',
    method: 'GET',
    path,
    needs: 'queue',
    query: [...query, 'lastMessageId'],
    answer: getMessage,
  },
  {
    call: 'delete-message',
    method: 'DELETE',
    path: `${path}/:message`,
    needs: 'queue',
    query,
    answer: deleteMessage,
  },
];

export const messageRoutes: readonly Route[] = [
  ...queueRoutes(QUEUE, []),
  ...queueRoutes(OLD_QUEUE, ['sessionId']),
  {
    call: 'acquire-jobs',
    method: 'POST',
    path: `${SET}/acquirejobs`,
    needs: 'queue',
    body: 'json',
    answer: acquire,
  },
  {
    call: 'acquirable-jobs',
    method: 'GET',
    path: `${SET}/acquirablejobs`,
    needs: 'admin',
    answer: acquirable,
  },
];

async function getMessage(context: Context): Promise<Answer> {
  const { service, request, effect } = context;
  const session = required(context, 'session');
  const wish = readPoll(context, session);
  const found = await service.holds.wait({
    ms: service.holdMs,
    signal: request.signal,
    look: () => (isOver(session) ? 'over' : poll(service.world, session, wish)),
    subscribe: (wake) => awaitMessage(service.world, session, wake),
  });
  if (found === 'over') throw new Refusal(text(401, 'the session has ended'));
  if (!found) return empty(202);
  const body: RunnerScaleSetMessage = {
    messageId: found.id,
    messageType: 'RunnerScaleSetJobMessages',
    body: JSON.stringify(effect?.do === 'unknown-message' ? withUnknown(found) : found.jobs),
    // As they are now, not as they were when the jobs' news came.
    statistics: toldStatistics(context, session),
  };
  return json(200, body);
}

const isOver = (session: Session): boolean => session.scaleSet.session !== session;

const withUnknown = ({ jobs }: SealedMessage): (JobMessage | { messageType: string })[] => [
  { messageType: 'JobTeleported' },
  ...jobs,
];

function readPoll({ request, url, service }: Context, { scaleSet }: Session): Poll {
  const accept = request.header('accept') ?? '';
  if (!accept.includes('application/json') || !accept.includes('api-version=6.0-preview')) {
    throw badRequest('Accept must be application/json; api-version=6.0-preview');
  }
  const capacity = wholeNumber(request.header('x-scalesetmaxcapacity') ?? '');
  if (capacity === undefined) {
    throw badRequest('X-ScaleSetMaxCapacity must be a whole number of at least 0');
  }
  const cursor = url.searchParams.get('lastMessageId');
  const lastMessageId = cursor === null ? 0 : wholeNumber(cursor);
  if (lastMessageId === undefined) throw badRequest('lastMessageId must be a whole number');
  if (lastMessageId >= scaleSet.messages.nextId) {
    service.violate(request, 'lastMessageId was never issued', false);
  }
  return { lastMessageId, capacity };
}

const wholeNumber = (digits: string): number | undefined =>
  /^\d{1,15}$/.test(digits) ? Number(digits) : undefined;

function deleteMessage(context: Context): Answer {
  const { messages } = required(context, 'scaleSet');
  const id = wholeNumber(context.params['message'] ?? '');
  if (id === undefined) throw badRequest('the message id must be a whole number');
  if (messages.delete(id) === 'deleted') return empty(204);
  throw new Refusal(text(404, `no message ${id}`));
}

function acquire(context: Context): Answer {
  const scaleSet = required(context, 'scaleSet');
  // github.com does not route this call at all.
  if (scaleSet.scope.mode === 'assign') throw new Refusal(text(404, '404 page not found'));
  // Go sends a list that is nil as null.
  const ids = check(z.array(z.int()).nullish(), readJson(context)) ?? [];
  return list(acquireJobs(context.service.world, scaleSet, ids));
}

function acquirable(context: Context): Answer {
  const { available, scope } = required(context, 'scaleSet');
  if (scope.mode === 'assign' || available.size === 0) return empty(204);
  return list([...available].map(describeAcquirable));
}

const describeAcquirable = ({ requestId, wish }: JobRecord): object => ({
  acquireJobUrl: '',
  messageType: '',
  runnerRequestId: requestId,
  repositoryName: wish.repository,
  ownerName: wish.owner,
  jobWorkflowRef: wish.workflowRef,
  eventName: wish.eventName,
  requestLabels: wish.labels,
});
