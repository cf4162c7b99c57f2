// What a runner program asks for: runner-protocol.ts.
import { z } from 'zod';
import type { RunnerMessage } from '../runner-protocol.ts';
import { appendLog, loseRunner, reportJob, startJob } from '../world/jobs.ts';
import { awaitWork, connectAgent, disconnectAgent, tidings } from '../world/runners.ts';
import type { Agent, JobRecord } from '../world/model.ts';
import { Refusal, empty, json, text } from './answer.ts';
import type { Answer } from './exchange.ts';
import { readBody } from './body.ts';
import { required } from './route.ts';
import type { Context, Route } from './route.ts';

const JOB = '/_runner/jobs/:job';

export const runnerRoutes: readonly Route[] = [
  {
    call: 'runner-session',
    method: 'POST',
    path: '/_runner/session',
    needs: 'runner',
    answer: connect,
  },
  {
    call: 'runner-leave',
    method: 'DELETE',
    path: '/_runner/session',
    needs: 'runner',
    answer: leave,
  },
  {
    call: 'runner-message',
    method: 'GET',
    path: '/_runner/message',
    needs: 'runner',
    answer: getWork,
  },
  {
    call: 'runner-job-started',
    method: 'POST',
    path: `${JOB}/started`,
    needs: 'runner',
    answer: start,
  },
  { call: 'runner-job-log', method: 'POST', path: `${JOB}/log`, needs: 'runner', answer: log },
  {
    call: 'runner-job-complete',
    method: 'POST',
    path: `${JOB}/complete`,
    needs: 'runner',
    answer: complete,
  },
];

function connect(context: Context): Answer {
  connectAgent(context.service.world, required(context, 'agent'));
  return empty(204);
}

function leave(context: Context): Answer {
  const { world } = context.service;
  const agent = required(context, 'agent');
  if (agent.job?.state === 'running') loseRunner(world, agent, 'the runner left its job');
  else disconnectAgent(world, agent, 'it left');
  return empty(204);
}

async function getWork(context: Context): Promise<Answer> {
  const { service, request } = context;
  const agent = required(context, 'agent');
  // A runner that was silent for long, and so counts as offline, is back with its next poll.
  connectAgent(service.world, agent);
  const found = await service.holds.wait({
    ms: service.holdMs,
    signal: request.signal,
    look: () => (isRegistered(context, agent) ? tidings(agent) : 'gone'),
    subscribe: (wake) => awaitWork(service.world, agent, wake),
  });
  if (found === 'gone') throw new Refusal(text(401, 'this runner was removed'));
  if (!found) return empty(202);
  const message: RunnerMessage =
    found.is === 'cancel'
      ? { jobId: found.job.id, cancel: true }
      : { jobId: found.job.id, payload: found.job.wish.payload };
  return json(200, message);
}

const isRegistered = ({ service }: Context, agent: Agent): boolean =>
  service.world.agents.get(agent.id) === agent;

function start(context: Context): Answer {
  const { world } = context.service;
  const id = context.params['job'] ?? '';
  if (startJob(world, required(context, 'agent'), id) === 'started') return empty(204);
  throw notYours(id);
}

function log(context: Context): Answer {
  const job = jobOf(context);
  appendLog(job, context.request.body);
  return empty(204);
}

const step = z.enum(['success', 'failure', 'cancelled', 'skipped']);

const report = z.object({
  result: z.enum(['succeeded', 'failed', 'canceled']),
  outputs: z.record(z.string(), z.string()).exactOptional(),
  steps: z
    .array(
      z.object({
        name: z.string(),
        id: z.string().exactOptional(),
        conclusion: step,
        outcome: step.exactOptional(),
        reason: z.string().exactOptional(),
        startedAt: z.number().exactOptional(),
        finishedAt: z.number().exactOptional(),
      }),
    )
    .exactOptional(),
});

function complete(context: Context): Answer {
  const { id } = jobOf(context);
  const told = readBody(context, report);
  const agent = required(context, 'agent');
  // The body took its time: the job may have been taken away meanwhile.
  if (agent.job?.id !== id) throw notYours(id);
  reportJob(context.service.world, agent, told);
  return empty(204);
}

function jobOf(context: Context): JobRecord {
  const { job } = required(context, 'agent');
  const id = context.params['job'] ?? '';
  if (job?.id !== id) throw notYours(id);
  return job;
}

const notYours = (id: string): Refusal =>
  new Refusal(text(404, `job ${id} does not belong to this runner`));
