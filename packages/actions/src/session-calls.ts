// The calls that make, renew and end a message session, with the admin token.
import { z } from 'zod';
import { decode, session, wire } from './decode.ts';
import type { Answer } from './http.ts';
import { parseJson } from './json.ts';
import { refusal, says } from './refusal.ts';
import { scaleSetPath } from './scale-sets.ts';
import { expectStatus } from './service.ts';
import type { Service } from './service.ts';
import type { CallOptions } from './types.ts';
import type { RunnerScaleSetSession } from './wire.ts';

export type SessionState = Omit<RunnerScaleSetSession, 'runnerScaleSet'>;

interface SessionRef {
  readonly id: string;
  readonly scaleSetId: number;
}

// GitHub's own client always sends one, and the service makes its own.
const NIL_ID = '00000000-0000-0000-0000-000000000000';

const sessionsPath = (scaleSetId: number): string => `${scaleSetPath(scaleSetId)}/sessions`;
const sessionPath = ({ id, scaleSetId }: SessionRef): string =>
  `${sessionsPath(scaleSetId)}/${encodeURIComponent(id)}`;

export async function createSession(
  service: Service,
  { scaleSetId, owner }: { scaleSetId: number; owner: string },
  options: CallOptions,
): Promise<SessionState> {
  const what = `create a session for scale set ${scaleSetId}`;
  const body = { sessionId: NIL_ID, ownerName: owner };
  const path = sessionsPath(scaleSetId);
  const call = { what, method: 'POST', path, body, scaleSetId } as const;
  const answer = await service.call(call, options);
  // A 409 whose exception we do not know can mean nothing else here.
  if (answer.status === 409) throw refusal(answer, 'session-conflict');
  try {
    return decode(session, expectStatus(200, answer));
  } catch (error) {
    await discard(service, scaleSetId, answer);
    throw error;
  }
}

const onlyId = wire({ sessionId: z.guid() });

/** A session without a queue (seen in an incident) would lock its scale set until it expires. */
async function discard(service: Service, scaleSetId: number, answer: Answer): Promise<void> {
  const made = answer.status === 200 ? onlyId.safeParse(parseJson(answer.text)) : undefined;
  if (!made?.success) return;
  // The answer that could not be used is what went wrong; this is only tidying up.
  await deleteSession(service, { scaleSetId, id: made.data.sessionId }, {}).catch(() => undefined);
}

/** Throws `session-expired` when the service no longer knows it. */
export async function refreshSession(
  service: Service,
  ref: SessionRef,
  options: CallOptions,
): Promise<SessionState> {
  const what = `refresh the session of scale set ${ref.scaleSetId}`;
  const { scaleSetId } = ref;
  const call = { what, method: 'PATCH', path: sessionPath(ref), scaleSetId } as const;
  const answer = await service.call(call, options);
  // Which of the two, and with which exception, differs between the service's back ends.
  if (answer.status === 400 || answer.status === 404) throw refusal(answer, 'session-expired');
  return decode(session, expectStatus(200, answer));
}

export async function deleteSession(
  service: Service,
  ref: SessionRef,
  options: CallOptions,
): Promise<'absent' | 'deleted'> {
  const what = `delete the session of scale set ${ref.scaleSetId}`;
  const { scaleSetId } = ref;
  const call = { what, method: 'DELETE', path: sessionPath(ref), scaleSetId } as const;
  const answer = await service.call(call, options);
  if (answer.status === 204) return 'deleted';
  if (answer.status === 404 || says(answer, 'SessionExpiredException')) return 'absent';
  throw refusal(answer);
}
