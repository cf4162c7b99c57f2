// Core v1 Events: counted by object and reason, one write a minute each, never in anyone's way.
import { randomBytes } from 'node:crypto';
import type { At, Kind, KubeObject, Unsaved } from './object.ts';
import type { Clock, JsonObject, KubeClient, Log } from './types.ts';

export interface EventsOptions {
  client: KubeClient;
  /** Who tells: `reportingComponent`. */
  component: string;
  clock: Clock;
  log: Log;
  /** Which of its instances; the pod's name. */
  instance?: string;
}

export interface Happening {
  type: 'Normal' | 'Warning';
  reason: string;
  message: string;
}

export interface Events {
  /** Returns at once and never throws. */
  record(subject: KubeObject, happening: Happening): void;
  /** Writes what is still held back. */
  flush(): Promise<void>;
}

interface CoreEvent extends KubeObject {
  type: string;
  reason: string;
  message: string;
  count: number;
  involvedObject: JsonObject;
  source: { component: string; host?: string };
  firstTimestamp: string;
  lastTimestamp: string;
  series?: { count: number; lastObservedTime: string };
  reportingComponent: string;
  reportingInstance: string;
}

const EventKind: Kind<CoreEvent> = {
  apiVersion: 'v1',
  kind: 'Event',
  plural: 'events',
  namespaced: true,
};

/** What is known of one object and reason. */
interface Series {
  subject: KubeObject;
  happening: Happening;
  firstAt: number;
  lastAt: number;
  count: number;
  /** Set once the first write is through. */
  at?: At;
  /** Something was counted since the last write. */
  unwritten: boolean;
  /** It was written less than a minute ago. */
  held: boolean;
  cancelTimer: () => void;
}

const EVERY_MS = 60_000;
// A series that has said nothing for longer begins anew, as client-go has it.
const FORGET_MS = 600_000;
const MAX_SERIES = 4_096;
// So few that a storm of events leaves the connections to the reconcilers.
const MAX_WRITES = 2;
// The API server refuses longer ones.
const MAX_MESSAGE = 1_024;

const microTime = (ms: number): string => new Date(ms).toISOString().replace('Z', '000Z');
const wholeSeconds = (ms: number): string => `${new Date(ms).toISOString().slice(0, 19)}Z`;
const nothing = (): void => undefined;

class Recorder implements Events {
  readonly #options: EventsOptions;
  readonly #series = new Map<string, Series>();
  /** To be written, in order. */
  readonly #waiting = new Set<Series>();
  readonly #sending = new Set<Series>();
  readonly #writers = new Set<Promise<void>>();

  constructor(options: EventsOptions) {
    this.#options = options;
  }

  record(subject: KubeObject, happening: Happening): void {
    const now = this.#options.clock.now();
    const key = `${subject.metadata.uid}/${happening.reason}`;
    const series = this.#series.get(key) ?? this.#begin(key, subject, happening);
    Object.assign(series, { subject, happening, lastAt: now, unwritten: true });
    series.count += 1;
    if (!series.held) this.#write(key, series);
  }

  async flush(): Promise<void> {
    for (const series of this.#series.values()) {
      series.cancelTimer();
      if (series.unwritten) this.#enqueue(series);
    }
    this.#series.clear();
    while (this.#writers.size > 0) await Promise.all(this.#writers);
  }

  #begin(key: string, subject: KubeObject, happening: Happening): Series {
    const [oldest] = this.#series.keys();
    if (this.#series.size >= MAX_SERIES && oldest !== undefined) this.#forget(oldest);
    const now = this.#options.clock.now();
    const counted = { firstAt: now, lastAt: now, count: 0, unwritten: true };
    const series = { subject, happening, ...counted, held: false, cancelTimer: nothing };
    this.#series.set(key, series);
    return series;
  }

  #forget(key: string): void {
    this.#series.get(key)?.cancelTimer();
    this.#series.delete(key);
  }

  #write(key: string, series: Series): void {
    series.held = true;
    series.cancelTimer();
    this.#lookAgain(key, series, EVERY_MS);
    this.#enqueue(series);
  }

  #lookAgain(key: string, series: Series, ms: number): void {
    const { clock } = this.#options;
    series.cancelTimer = clock.setTimeout(() => {
      series.held = false;
      const quietMs = clock.now() - series.lastAt;
      if (series.unwritten) this.#write(key, series);
      else if (quietMs >= FORGET_MS) this.#forget(key);
      else this.#lookAgain(key, series, FORGET_MS - quietMs);
    }, ms);
  }

  #enqueue(series: Series): void {
    if (this.#waiting.size >= MAX_SERIES) return;
    this.#waiting.add(series);
    // Its writer looks again when it is through: two at once would make two Events of one series.
    if (this.#sending.has(series)) return;
    if (this.#writers.size >= MAX_WRITES) return;
    const writer = this.#drain().finally(() => this.#writers.delete(writer));
    this.#writers.add(writer);
  }

  async #drain(): Promise<void> {
    for (let series = this.#next(); series !== undefined; series = this.#next()) {
      this.#waiting.delete(series);
      this.#sending.add(series);
      series.unwritten = false;
      try {
        await this.#send(series);
      } catch (error) {
        const { reason } = series.happening;
        this.#options.log.debug('an event was not written', { reason, error });
      }
      this.#sending.delete(series);
    }
  }

  #next(): Series | undefined {
    for (const series of this.#waiting) if (!this.#sending.has(series)) return series;
    return undefined;
  }

  async #send(series: Series): Promise<void> {
    const { client } = this.#options;
    const { at, count, lastAt, happening } = series;
    const counted = {
      count,
      lastTimestamp: wholeSeconds(lastAt),
      message: happening.message.slice(0, MAX_MESSAGE),
      ...(count > 1 ? { series: { count, lastObservedTime: microTime(lastAt) } } : {}),
    };
    // The server forgets events after an hour; then the series goes on under a new name.
    if (at !== undefined && (await client.patch(EventKind, at, counted)) !== undefined) return;
    const { metadata } = await client.create(EventKind, {
      ...this.#eventOf(series),
      ...counted,
    });
    series.at = { namespace: metadata.namespace ?? 'default', name: metadata.name };
  }

  #eventOf({
    subject,
    happening,
    firstAt,
  }: Series): Omit<Unsaved<CoreEvent>, 'message' | 'count' | 'lastTimestamp'> {
    const { component, instance } = this.#options;
    const { apiVersion, kind, metadata } = subject;
    const { name, namespace, uid, resourceVersion } = metadata;
    return {
      apiVersion: 'v1',
      kind: 'Event',
      metadata: {
        // A subject's name may be as long as a name can be.
        name: `${name.slice(0, 220)}.${randomBytes(8).toString('hex')}`,
        namespace: namespace ?? 'default',
      },
      involvedObject: { apiVersion, kind, name, namespace, uid, resourceVersion },
      type: happening.type,
      reason: happening.reason,
      firstTimestamp: wholeSeconds(firstAt),
      source: { component, ...(instance === undefined ? {} : { host: instance }) },
      reportingComponent: component,
      reportingInstance: instance ?? '',
    };
  }
}

/** Records Events about objects. `flush` it before the client is closed. */
export const createEvents = (options: EventsOptions): Events => new Recorder(options);
