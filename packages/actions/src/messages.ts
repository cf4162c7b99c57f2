// A message of the queue: the envelope, and the job messages in its body, sorted by type.
import { z } from 'zod';
import { complaint, decode, statistics, text, whole, wire } from './decode.ts';
import type { Answer } from './http.ts';
import { parseJson } from './json.ts';
import { badAnswer } from './refusal.ts';
import type { Message } from './types.ts';
import type { JobAssigned, JobAvailable, JobCompleted, JobMessage, JobStarted } from './wire.ts';

const ENVELOPE_TYPE = 'RunnerScaleSetJobMessages';

const envelope = wire({
  messageId: whole,
  messageType: text,
  body: text.default(''),
  statistics: z.exactOptional(statistics),
});

const name = text.default('');
const id = whole.default(0);
const time = z.exactOptional(text);

const common = {
  runnerRequestId: id,
  repositoryName: name,
  ownerName: name,
  jobId: z.exactOptional(text),
  jobWorkflowRef: name,
  jobDisplayName: name,
  workflowRunId: id,
  eventName: name,
  requestLabels: z.array(text).default([]),
  queueTime: time,
  scaleSetAssignTime: time,
  runnerAssignTime: time,
  finishTime: time,
};

const available: z.ZodType<JobAvailable> = wire({
  ...common,
  messageType: z.literal('JobAvailable'),
  // What is acquired, so there is no making it up.
  runnerRequestId: whole,
  acquireJobUrl: name,
});
const assigned: z.ZodType<JobAssigned> = wire({
  ...common,
  messageType: z.literal('JobAssigned'),
});
const started: z.ZodType<JobStarted> = wire({
  ...common,
  messageType: z.literal('JobStarted'),
  runnerId: id,
  runnerName: name,
});
const completed: z.ZodType<JobCompleted> = wire({
  ...common,
  messageType: z.literal('JobCompleted'),
  result: name,
  runnerId: id,
  runnerName: name,
});

const BY_TYPE = new Map<string, z.ZodType<JobMessage>>([
  ['JobAvailable', available],
  ['JobAssigned', assigned],
  ['JobStarted', started],
  ['JobCompleted', completed],
]);

/**
 * Throws `bad-answer` when the message as a whole cannot be read. One job message that cannot is listed and skipped:
 * the service would deliver the batch again and again, and scaling goes by the statistics anyway.
 */
export function decodeMessage(answer: Answer): Message {
  const { messageId, messageType, body, statistics: counted } = decode(envelope, answer);
  if (messageType !== ENVELOPE_TYPE) {
    throw badAnswer(
      answer,
      `message ${messageId} is of the unsupported type "${messageType.slice(0, 100)}"`,
    );
  }
  const message = { id: messageId, ...(counted && { statistics: counted }), ...noJobs() };
  const jobs = body === '' ? [] : parseJson(body);
  if (!Array.isArray(jobs)) throw badAnswer(answer, `the body of message ${messageId} is no list`);
  for (const job of jobs) sortInto(message, job);
  return message;
}

type Jobs = Omit<Message, 'id' | 'statistics'> & { malformed: string[] };

const noJobs = (): Jobs => ({
  available: [],
  assigned: 0,
  started: [],
  completed: [],
  unknown: 0,
  malformed: [],
});

const typed = wire({ messageType: text });

function sortInto(jobs: Jobs, job: unknown): void {
  const type = typed.safeParse(job);
  if (!type.success) {
    jobs.malformed.push(`a job message: ${complaint(type.error)}`);
    return;
  }
  const schema = BY_TYPE.get(type.data.messageType);
  if (schema === undefined) {
    jobs.unknown += 1;
    return;
  }
  const read = schema.safeParse(withoutVoidTimes(job));
  if (read.success) add(jobs, read.data);
  else jobs.malformed.push(`${type.data.messageType}: ${complaint(read.error)}`);
}

function add(jobs: Jobs, job: JobMessage): void {
  switch (job.messageType) {
    case 'JobAvailable':
      jobs.available.push(job);
      return;
    case 'JobAssigned':
      jobs.assigned += 1;
      addQueuedAt(jobs, job);
      return;
    case 'JobStarted':
      jobs.started.push(job);
      return;
    case 'JobCompleted':
      jobs.completed.push(job);
      return;
  }
}

// The queue time has been seen to be empty.
function addQueuedAt(jobs: Jobs, { queueTime, scaleSetAssignTime }: JobAssigned): void {
  const time = queueTime ?? scaleSetAssignTime;
  if (time !== undefined) jobs.queuedAt = [...(jobs.queuedAt ?? []), Date.parse(time)];
}

const TIMES = new Set(['queuetime', 'scalesetassigntime', 'runnerassigntime', 'finishtime']);
const ZONED = /(?:z|[+-]\d\d:?\d\d)$/i;
// How .NET and Go write "no time".
const YEAR_ONE = '0001-01-01T';

/** Times that say nothing are absent: the service has been seen to send empty ones. */
function withoutVoidTimes(job: unknown): unknown {
  return Object.fromEntries(
    Object.entries(job as object).filter(
      ([key, value]) => !TIMES.has(key.toLowerCase()) || isTime(value),
    ),
  );
}

const isTime = (value: unknown): boolean =>
  typeof value === 'string' &&
  ZONED.test(value) &&
  !value.startsWith(YEAR_ONE) &&
  !Number.isNaN(Date.parse(value));
