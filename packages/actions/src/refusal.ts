// An answer that is no success, as an error. It goes by the exception's name and the status, never by words.
import { ActionsError } from './errors.ts';
import type { ActionsErrorCode } from './errors.ts';
import { statusText } from './transport.ts';
import type { Answer } from './http.ts';
import { shownUrl } from './redact.ts';
import type { Redact } from './redact.ts';
import { parseJson } from './json.ts';

interface Said {
  /** The short .NET name. */
  exception?: string;
  message?: string;
}

/** Whether the answer's body names such an exception, by a part of its name, whatever the body's declared type. */
export const says = (answer: Answer, part: string): boolean =>
  saidBy(answer).exception?.includes(part) ?? false;

/** What the answer says to people. Where GitHub gives no name to a refusal, this is all there is. */
export const wordsOf = (answer: Answer): string => saidBy(answer).message ?? '';

/** The router's own 404: the service does not know the path, or not what it names, and says no more. */
export const isBare404 = (answer: Answer): boolean =>
  answer.status === 404 && saidBy(answer).exception === undefined;

/** `code`, where the caller knows better what this answer means. */
export function refusal(answer: Answer, code?: ActionsErrorCode): ActionsError {
  const said = saidBy(answer);
  return new ActionsError(code ?? codeFor(answer, said.exception), messageFor(answer, said), {
    status: answer.status,
    ...ids(answer),
    ...(said.exception !== undefined && { exception: said.exception }),
    ...(answer.retryAfterMs !== undefined && { retryAfterMs: answer.retryAfterMs }),
  });
}

/** An answer of the right status that says nothing one could use. */
export function badAnswer(answer: Answer, why: string): ActionsError {
  const message = `could not ${answer.call.what}: ${why} (${exchange(answer)})`;
  const facts = { status: answer.status, ...ids(answer) };
  return new ActionsError('bad-answer', answer.redact(message), facts);
}

// First that fits. The names are matched in part, as GitHub's own client does: TaskAgentExistsException.
const BY_EXCEPTION: [part: string, code: ActionsErrorCode][] = [
  ['SessionConflictException', 'session-conflict'],
  ['SessionExpiredException', 'session-expired'],
  ['RunnerScaleSetNotFoundException', 'scale-set-not-found'],
  ['RunnerScaleSetExistsException', 'scale-set-exists'],
  ['AgentNotFoundException', 'not-found'],
];

function codeFor(
  { status, retryAfterMs }: Answer,
  exception: string | undefined,
): ActionsErrorCode {
  // The token comes first: a refused one says nothing about what was asked for.
  if (status === 401) return 'unauthorized';
  const named = BY_EXCEPTION.find(([part]) => exception?.includes(part));
  if (named) return named[1];
  if (status === 429 || (status === 403 && retryAfterMs !== undefined)) return 'rate-limited';
  if (status === 403) return 'unauthorized';
  if (status === 404) return 'not-found';
  if (status >= 500) return 'unavailable';
  return status < 300 ? 'bad-answer' : 'refused';
}

function messageFor(answer: Answer, { exception, message }: Said): string {
  const parts = [`could not ${answer.call.what}`, statusText(answer.status), exception, message];
  const said = parts.filter((part) => part !== undefined && part !== '').join(': ');
  return answer.redact(`${said} (${exchange(answer)})`);
}

function exchange(answer: Answer): string {
  const { call } = answer;
  const { activityId, requestId } = ids(answer);
  const idParts = [
    activityId !== undefined && `activity id ${activityId}`,
    requestId !== undefined && `request id ${requestId}`,
  ];
  return [`${call.method} ${shownUrl(call.url)}`, ...idParts].filter(Boolean).join(', ');
}

function ids(answer: Answer): { activityId?: string; requestId?: string } {
  const { activityId, requestId, redact } = answer;
  return {
    ...(activityId !== undefined && { activityId: short(activityId, redact) }),
    ...(requestId !== undefined && { requestId: short(requestId, redact) }),
  };
}

function saidBy({ status, text, redact }: Answer): Said {
  // A body that came with a success may hold what was asked for: a token, a JIT config.
  if (status < 300) return {};
  const body = parseJson(text);
  if (body === undefined) return { message: readable(text, redact) };
  if (body === null || typeof body !== 'object') return {};
  const typeName = field(body, 'typename');
  const message = field(body, 'message');
  return {
    ...(typeName !== undefined && { exception: shortName(redact(typeName)) }),
    ...(message !== undefined && { message: readable(message, redact) }),
  };
}

function field(body: object, name: string): string | undefined {
  const found = Object.entries(body).find(([key]) => key.toLowerCase() === name);
  return typeof found?.[1] === 'string' && found[1] !== '' ? found[1] : undefined;
}

/** `GitHub.DistributedTask.WebApi.TaskAgentExistsException, GitHub.DistributedTask.WebApi` without its namespace. */
const shortName = (typeName: string): string =>
  typeName.replace(/,.*$/s, '').replace(/^.*\./s, '').trim().slice(0, LONGEST_NAME);

const LONGEST = 400;
/** Of names and ids: the longest exception that was seen has 38 characters, an id 36. */
const LONGEST_NAME = 100;

const short = (text: string, redact: Redact): string => redact(text).slice(0, LONGEST_NAME);
/** A title further down than this is none that people gave to a page. */
const LONGEST_PAGE_TITLE = 4096;

/** One line; a page for a browser (a proxy's, mostly) is cut down to its title. */
function readable(text: string, redact: Redact): string {
  const title = /<title[^>]*>([^<]*)</i.exec(text.slice(0, LONGEST_PAGE_TITLE))?.[1];
  const words = title ?? (/^\s*</.test(text) ? 'a page for a browser' : text);
  // Before it is cut: half a secret is not found any more.
  const line = redact(words).replace(/\s+/g, ' ').trim();
  return line.length > LONGEST ? `${line.slice(0, LONGEST)}…` : line;
}
