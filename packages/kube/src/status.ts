// An answer of the API server that is not the expected one, to a KubeError.
import { KubeError } from './errors.ts';
import { parseJson } from './json.ts';
import type { KubeErrorCode } from './errors.ts';

/** The parts of meta/v1 Status that are looked at. */
export interface Status {
  message?: string;
  reason?: string;
  code?: number;
  details?: { name?: string; retryAfterSeconds?: number };
}

export interface Refusal {
  status: number;
  body: Status;
  /** Of the Retry-After header. */
  retryAfterMs?: number | undefined;
}

const CODES: Readonly<Record<number, KubeErrorCode>> = {
  400: 'bad-request',
  401: 'unauthorized',
  403: 'forbidden',
  404: 'not-found',
  409: 'conflict',
  410: 'expired',
  422: 'invalid',
  429: 'too-many-requests',
};

// An answer that is no Status (a proxy's page) may be long and tell nothing.
const MAX_TEXT = 1_000;

function codeOf(status: number, reason: string | undefined): KubeErrorCode {
  if (reason === 'AlreadyExists') return 'already-exists';
  if (reason === 'Expired' || reason === 'Gone') return 'expired';
  return CODES[status] ?? (status >= 500 ? 'unavailable' : 'refused');
}

/** The server's Status, or its plain words where it sent none. */
export function readStatus(text: string): Status {
  try {
    const body = parseJson(text) as { kind?: string } & Status;
    if (body.kind === 'Status') return body;
  } catch {
    // Not JSON: the text itself is all there is.
  }
  return { message: text.trim().slice(0, MAX_TEXT) };
}

/** Seconds or an HTTP date, as milliseconds from `now`. */
export function readRetryAfter(header: string | undefined, now: number): number | undefined {
  if (header === undefined || header.trim() === '') return undefined;
  const seconds = Number(header);
  if (Number.isFinite(seconds)) return Math.max(0, seconds * 1_000);
  const date = Date.parse(header);
  return Number.isNaN(date) ? undefined : Math.max(0, date - now);
}

const WARNING = /\b299 \S+ "((?:[^"\\]|\\.)*)"/g;

/** The texts of a Warning header (RFC 7234), of which the API server sends code 299 only. */
export function readWarnings(header: string | undefined): string[] {
  if (header === undefined) return [];
  return [...header.matchAll(WARNING)].map(([, text = '']) => text.replace(/\\(.)/g, '$1'));
}

/** `what` names the call: `get pods default/a`. */
export function refusalError(what: string, { status, body, retryAfterMs }: Refusal): KubeError {
  const words =
    body.message === undefined || body.message === '' ? `status ${status}` : body.message;
  const { retryAfterSeconds } = body.details ?? {};
  const waitMs =
    retryAfterMs ?? (retryAfterSeconds === undefined ? undefined : retryAfterSeconds * 1_000);
  return new KubeError(codeOf(status, body.reason), `could not ${what}: ${words}`, {
    status,
    ...(body.reason === undefined ? {} : { reason: body.reason }),
    ...(waitMs === undefined ? {} : { retryAfterMs: waitMs }),
  });
}

/** Whether a 404 is about the object asked for, not about a kind that the server does not serve. */
export const isAbsence = ({ status, body }: Refusal): boolean =>
  status === 404 && body.details?.name !== undefined;

/** Whether a delete was refused since the name now belongs to another object. */
// The server has no reason of its own for this: only "Conflict" and this sentence.
export const isAnotherObject = ({ status, body }: Refusal): boolean =>
  status === 409 && /UID in (the )?precondition/i.test(body.message ?? '');
