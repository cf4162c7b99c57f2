// Hears messages as a listener must: a message is acknowledged only once it is handled, and no error ends the hearing.
// It takes turns, so that a test decides what happens between them.
import { isActionsError } from '../errors.ts';
import type { ActionsClient, Message, MessageSession } from '../types.ts';

export interface Turn {
  client: ActionsClient;
  signal: AbortSignal;
  /** It dies when it has handled a message, and before it can say so. */
  diesHandling: boolean;
}

export class CarefulListener {
  /** By id: what the work has been done for. It lasts, whatever becomes of the process. */
  readonly handled = new Map<number, Message>();
  readonly scaleSetId: number;
  readonly #capacity: number;
  #session: MessageSession | undefined;
  #recordedId: string | undefined;
  #cursor = 0;
  readonly #unacknowledged = new Set<number>();

  constructor(scaleSetId: number, capacity: number) {
    this.scaleSetId = scaleSetId;
    this.#capacity = capacity;
  }

  /** What the process kept in memory is gone; what was recorded is found again. */
  die(): void {
    this.#session = undefined;
    this.#cursor = 0;
    this.#unacknowledged.clear();
  }

  /** `quiet`: nothing is to be heard, and nothing left to be acknowledged. Throws what is no ActionsError. */
  async turn(turn: Turn): Promise<'busy' | 'quiet' | 'in trouble'> {
    try {
      const session = await this.#opened(turn);
      const results = await Promise.allSettled([
        this.#hear(session, turn),
        ...[...this.#unacknowledged].map((id) => this.#acknowledge(session, id, turn)),
      ]);
      for (const result of results) if (result.status === 'rejected') throw result.reason;
      const [heard] = results;
      const isQuiet = heard.status === 'fulfilled' && heard.value === undefined;
      return isQuiet && this.#unacknowledged.size === 0 ? 'quiet' : 'busy';
    } catch (error) {
      this.#recover(error);
      return 'in trouble';
    }
  }

  async #opened({ client, signal }: Turn): Promise<MessageSession> {
    if (this.#session !== undefined) return this.#session;
    this.#session = await this.#takenOver({ client, signal });
    this.#session ??= await client.createSession(this.scaleSetId, 'owner', { signal });
    this.#recordedId = this.#session.id;
    return this.#session;
  }

  async #takenOver({
    client,
    signal,
  }: Pick<Turn, 'client' | 'signal'>): Promise<MessageSession | undefined> {
    const id = this.#recordedId;
    if (id === undefined) return undefined;
    const resumed = await client.resumeSession(this.scaleSetId, id, { signal });
    if (resumed === undefined) await client.deleteSession(this.scaleSetId, id, { signal });
    return resumed;
  }

  async #hear(session: MessageSession, turn: Turn): Promise<Message | undefined> {
    const request = { lastMessageId: this.#cursor, maxCapacity: this.#capacity };
    const message = await session.poll(request, { signal: turn.signal });
    if (message === undefined) return undefined;
    const offered = message.available.map(({ runnerRequestId }) => runnerRequestId);
    await session.acquire(offered, { signal: turn.signal });
    this.handled.set(message.id, message);
    if (turn.diesHandling) {
      this.die();
      return message;
    }
    this.#cursor = message.id;
    this.#unacknowledged.add(message.id);
    return message;
  }

  async #acknowledge(session: MessageSession, id: number, { signal }: Turn): Promise<void> {
    await session.acknowledge(id, { signal });
    this.#unacknowledged.delete(id);
  }

  #recover(error: unknown): void {
    if (!isActionsError(error)) throw error;
    if (['session-expired', 'unauthorized'].includes(error.code)) this.#session = undefined;
  }
}
