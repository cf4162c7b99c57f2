// A message session: the queue's own address and token, and the token's renewal.
import { acquired, decode } from './decode.ts';
import { ActionsError, isActionsError } from './errors.ts';
import { Flight } from './flight.ts';
import type { Answer } from './http.ts';
import { decodeMessage } from './messages.ts';
import { isBare404, refusal } from './refusal.ts';
import { scaleSetPath } from './scale-sets.ts';
import type { Service } from './service.ts';
import { deleteSession, refreshSession } from './session-calls.ts';
import type { SessionState } from './session-calls.ts';
import type { CallOptions, Message, MessageSession } from './types.ts';
import type { Statistics } from './wire.ts';

export class Session implements MessageSession {
  readonly id: string;
  readonly scaleSetId: number;
  readonly #service: Service;
  readonly #refreshes = new Flight<SessionState>();
  #state: SessionState;

  constructor(service: Service, scaleSetId: number, state: SessionState) {
    this.id = state.sessionId;
    this.scaleSetId = scaleSetId;
    this.#service = service;
    this.#state = state;
  }

  get statistics(): Statistics | undefined {
    return this.#state.statistics;
  }

  async poll(
    { lastMessageId, maxCapacity }: { lastMessageId: number; maxCapacity: number },
    options: CallOptions = {},
  ): Promise<Message | undefined> {
    const what = `poll the messages of scale set ${this.scaleSetId}`;
    if (!Number.isSafeInteger(maxCapacity) || maxCapacity < 0) {
      const message = `could not ${what}: a capacity is a whole number from 0, not ${maxCapacity}`;
      throw new ActionsError('refused', message);
    }
    const headers = {
      accept: 'application/json; api-version=6.0-preview',
      'x-scalesetmaxcapacity': String(maxCapacity),
    };
    const answer = await this.#withToken(options, ({ messageQueueUrl }, common) =>
      this.#service.http.send({
        what,
        method: 'GET',
        url: pollUrl(messageQueueUrl, lastMessageId),
        headers: { ...common, ...headers },
        timeoutMs: this.#service.http.pollMs,
        signal: options.signal,
      }),
    );
    if (answer.status === 202) return undefined;
    if (answer.status !== 200) throw refusal(answer);
    return decodeMessage(answer);
  }

  async acknowledge(
    messageId: number,
    options: CallOptions = {},
  ): Promise<'acknowledged' | 'absent'> {
    const answer = await this.#withToken(options, ({ messageQueueUrl }, common) =>
      this.#service.http.send({
        what: `acknowledge message ${messageId} of scale set ${this.scaleSetId}`,
        method: 'DELETE',
        url: messageUrl(messageQueueUrl, messageId),
        headers: { ...common, 'content-type': 'application/json' },
        signal: options.signal,
      }),
    );
    if (answer.status === 204) return 'acknowledged';
    if (answer.status === 404 && isActionsError(refusal(answer), 'not-found')) return 'absent';
    throw refusal(answer);
  }

  async acquire(
    requestIds: readonly number[],
    options: CallOptions = {},
  ): Promise<number[] | 'unsupported'> {
    if (requestIds.length === 0) return [];
    const answer = await this.#withToken(options, ({ messageQueueAccessToken }) =>
      this.#service.call(
        {
          what: `acquire jobs for scale set ${this.scaleSetId}`,
          method: 'POST',
          path: `${scaleSetPath(this.scaleSetId)}/acquirejobs`,
          body: requestIds,
          scaleSetId: this.scaleSetId,
          token: messageQueueAccessToken,
        },
        options,
      ),
    );
    // github.com assigns jobs by itself, and does not know the call.
    if (isBare404(answer)) return 'unsupported';
    if (answer.status !== 200) throw refusal(answer);
    return decode(acquired, answer).value;
  }

  async close(options: CallOptions = {}): Promise<void> {
    await deleteSession(this.#service, this, options);
  }

  /** A 401 means that the queue's token has ended: it is renewed, and the call made once more. */
  async #withToken(
    options: CallOptions,
    call: (state: SessionState, headers: Record<string, string>) => Promise<Answer>,
  ): Promise<Answer> {
    const used = this.#state;
    const answer = await call(used, this.#headers(used));
    if (answer.status !== 401) return answer;
    const renewed = await this.#renewed(used, options);
    return call(renewed, this.#headers(renewed));
  }

  #headers({ messageQueueAccessToken }: SessionState): Record<string, string> {
    return {
      authorization: `Bearer ${messageQueueAccessToken}`,
      'user-agent': this.#service.userAgent(this.scaleSetId),
    };
  }

  /** Poll, acknowledge and acquire may all meet the same old token: it is renewed once for all of them. */
  async #renewed(used: SessionState, { signal }: CallOptions): Promise<SessionState> {
    if (this.#state !== used) return this.#state;
    return this.#refreshes.join(async (ending) => {
      const fresh = await refreshSession(this.#service, this, { signal: ending });
      this.#state = fresh;
      return fresh;
    }, signal);
  }
}

function pollUrl(queueUrl: string, lastMessageId: number): string {
  if (lastMessageId <= 0) return queueUrl;
  const url = new URL(queueUrl);
  url.searchParams.set('lastMessageId', String(lastMessageId));
  return url.href;
}

function messageUrl(queueUrl: string, messageId: number): string {
  const url = new URL(queueUrl);
  url.pathname = `${url.pathname.replace(/\/+$/, '')}/${messageId}`;
  return url.href;
}
