// Answers as the real service gives them, its exceptions among them.
import type { Exception } from '@muster/actions/wire';
import type { Answer } from './exchange.ts';

/** Short name → status and namespace. `null`: the namespace is not known. */
const EXCEPTIONS = {
  TaskAgentExistsException: [409, 'GitHub.DistributedTask.WebApi'],
  TaskAgentNotFoundException: [404, 'GitHub.DistributedTask.WebApi'],
  TaskAgentJobStillRunningException: [400, 'GitHub.DistributedTask.WebApi'],
  RunnerScaleSetSessionConflictException: [409, 'GitHub.Actions.Runtime.WebApi'],
  RunnerScaleSetSessionExpiredException: [400, 'GitHub.Actions.Runtime.WebApi'],
  RunnerScaleSetNotFoundException: [404, 'GitHub.Actions.Runtime.WebApi'],
  RunnerScaleSetExistsException: [400, 'GitHub.Actions.Runtime.WebApi'],
  RunnerAdminException: [404, 'GitHub.Actions.Runtime.WebApi'],
  InvalidTokenException: [401, 'GitHub.Actions.Runtime.WebApi'],
  // The names of these two are a guess; their statuses are not.
  RunnerGroupNotFoundException: [404, 'GitHub.Actions.Runtime.WebApi'],
  InvalidRequestException: [400, 'GitHub.Actions.Runtime.WebApi'],
} as const;

export type ExceptionName = keyof typeof EXCEPTIONS;

export function exception(name: ExceptionName, message: string): Answer {
  const [status, namespace] = EXCEPTIONS[name];
  const body: Exception = { typeName: `${namespace}.${name}, ${namespace}`, message };
  // Typed exceptions are only recognised when they are not text/plain.
  const dotNet = { typeKey: name, errorCode: 0, eventId: 3000 };
  return json(status, { $id: '1', innerException: null, ...body, ...dotNet });
}

export const json = (status: number, body: unknown): Answer => ({
  status,
  headers: { 'content-type': 'application/json' },
  body: JSON.stringify(body),
});

export const empty = (status: number): Answer => ({ status, headers: {}, body: '' });

export const text = (status: number, body: string): Answer => ({
  status,
  headers: { 'content-type': 'text/plain; charset=utf-8' },
  body,
});

/** As api.github.com says no. */
export const gitHubError = (status: number, message: string): Answer =>
  json(status, { message, documentation_url: 'https://docs.github.com/rest', status: `${status}` });

export const list = (value: readonly unknown[]): Answer =>
  json(200, { count: value.length, value });

/** Ends a request early. `rule` is what the client did wrong; absent: it could not know better. */
export class Refusal extends Error {
  readonly response: Answer;
  readonly rule: string | undefined;

  constructor(response: Answer, rule?: string) {
    super(rule ?? `refused with ${response.status}`);
    this.name = 'Refusal';
    this.response = response;
    this.rule = rule;
  }
}

/** A connection that is cut: `fetch` rejects, a socket is destroyed. */
export class ConnectionCut extends Error {
  constructor() {
    super('the connection was cut by a fault');
    this.name = 'ConnectionCut';
  }
}

export const badRequest = (rule: string): Refusal =>
  new Refusal(exception('InvalidRequestException', rule), rule);
