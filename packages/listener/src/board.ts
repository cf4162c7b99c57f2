// The EphemeralRunnerSet as this process last saw it, and what it says of itself there: its rights
// allow no get and no watch, but every patch answers with the object, an empty one too (design.md,
// decision 12). It also finds out when another process has taken this one's place.
import { EphemeralRunnerSetKind, LISTENER_ANNOTATIONS } from '@muster/api';
import { isKubeError } from '@muster/kube';
import { within } from './deps.ts';
import { SetGoneError } from './recover.ts';
import type {
  EphemeralRunnerSet,
  EphemeralRunnerSetStatus,
  ListenedScaleSet,
  ListenerStatus,
} from '@muster/api';
import type { Place } from './capacity.ts';
import type { Deps } from './deps.ts';
import type { Bell, Lane } from './lane.ts';
import type { Standing } from './standing.ts';

export interface Seen {
  /** When it was asked for, on a clock that never jumps. */
  at: number;
  replicas: number;
  /** Runners that are there. */
  current: number;
  place: Place;
  ignoresPhantoms: boolean;
  listener?: ListenerStatus;
}

export interface Word extends Standing {
  /** Null: none is open. Absent: who knows; whatever is recorded may live on at the service, and is left to a successor. */
  sessionId?: string | null;
}

export interface BoardDeps extends Pick<Deps, 'kube' | 'clock' | 'log' | 'instance'> {
  bell: Bell;
  /** Called once. */
  onReplaced: () => void;
}

const PATIENCE_MS = 5_000;
const PACE = { firstMs: 500, maxMs: 10_000 };
// Where its status cannot be written or is not kept (ARC's role, ARC's CRD) it goes on without, and
// looks now and then whether that has changed.
const DEAF = { firstMs: 5_000, maxMs: 3_600_000 };

export class Board {
  readonly #set: ListenedScaleSet;
  readonly #deps: BoardDeps;
  #seen: Seen | undefined;
  #version: string | undefined;
  /** The one whose place this process takes. */
  #predecessor: string | undefined;
  #isRecorded = false;
  #isReplaced = false;
  /** Its last try came to nothing. */
  #isBlind = false;
  #wanted: { key: string; record: Word; since: string } | undefined;
  #written = '';
  #deafTimes = 0;
  #deafUntil = -Infinity;

  constructor(set: ListenedScaleSet, deps: BoardDeps) {
    this.#set = set;
    this.#deps = deps;
  }

  get seen(): Seen | undefined {
    return this.#seen;
  }

  get isReplaced(): boolean {
    return this.#isReplaced;
  }

  /** An answer to a patch; `at` is when it was sent. */
  see(object: EphemeralRunnerSet, at: number): Seen {
    this.#isBlind = false;
    if (this.#seen && at < this.#seen.at) return this.#seen;
    this.#version = object.metadata.resourceVersion;
    this.#seen = seenIn(object, at);
    if (this.#isRecorded && this.#seen.listener === undefined) {
      // The set was made anew.
      this.#written = '';
      this.#deps.bell.ring();
    }
    this.#judge(this.#isRecorded);
    return this.#seen;
  }

  /** The set as it is now. Throws when it cannot be seen. */
  async read(patienceMs = PATIENCE_MS): Promise<Seen> {
    const { kube, clock } = this.#deps;
    const at = clock.elapsed();
    const object = await within(clock, patienceMs, (signal) =>
      // The main resource, which ARC's role allows too.
      kube.patch(EphemeralRunnerSetKind, this.#at, {}, { signal }),
    );
    if (object === undefined) throw new SetGoneError(this.#at.namespace, this.#at.name);
    return this.see(object, at);
  }

  /** The set as it is now; undefined when it cannot be seen. */
  async look(patienceMs = PATIENCE_MS): Promise<Seen | undefined> {
    try {
      return await this.read(patienceMs);
    } catch (error) {
      this.#missed('could not look at the set', error);
      return undefined;
    }
  }

  /** What a predecessor left, to go on with. From here on nobody but it may be recorded instead. */
  async predecessor(): Promise<ListenerStatus | undefined> {
    const left = (await this.look())?.listener;
    if (!this.#isRecorded && left?.instance !== this.#deps.instance) {
      this.#predecessor = left?.instance;
    }
    return left;
  }

  /** Written in the background, when the state or the session is another one. */
  report(record: Word): void {
    const key = `${record.state} ${String(record.sessionId)}`;
    if (key === this.#wanted?.key || this.#isReplaced) return;
    this.#wanted = { key, record, since: new Date(this.#deps.clock.now()).toISOString() };
    this.#deps.bell.ring();
  }

  get isWritten(): boolean {
    return this.#wanted === undefined || this.#wanted.key === this.#written;
  }

  readonly lane: Lane = {
    next: () => {
      const isDeaf = this.#deps.clock.elapsed() < this.#deafUntil;
      return this.isWritten || isDeaf || this.#isReplaced ? undefined : () => this.#write();
    },
    pace: PACE,
    onSuccess: () => {
      this.#deps.bell.ring();
    },
    onFailure: (error) => {
      this.#missed('could not record where it stands', error);
    },
  };

  get #at(): { namespace: string; name: string } {
    return { namespace: this.#set.setNamespace, name: this.#set.setName };
  }

  /** Told once; that it goes on is for who looks closely. Rights are also gone when the set is taken away. */
  #missed(what: string, error: unknown): void {
    const level = this.#isBlind || isKubeError(error, 'forbidden') ? 'debug' : 'warn';
    this.#deps.log[level](what, { set: this.#set.setName, error });
    this.#isBlind = true;
  }

  async #write(): Promise<void> {
    if (this.#wanted === undefined) return;
    const { key, record, since } = this.#wanted;
    if (this.#version === undefined) await this.read();
    const { sessionId, state, reason } = record;
    const { instance, kube, clock } = this.#deps;
    const at = clock.elapsed();
    const change = {
      // Refused when the set has changed since it was seen: another process may be recorded by now.
      metadata: { resourceVersion: this.#version },
      status: {
        listener: { ...(sessionId !== undefined && { sessionId }), instance, state, reason, since },
      },
    };
    const answer = await within(clock, PATIENCE_MS, (signal) =>
      kube.patchStatus(EphemeralRunnerSetKind, this.#at, change, { signal }),
    ).catch((error: unknown) => this.#refused(error));
    if (answer === 'refused') return;
    if (answer === undefined) throw new SetGoneError(this.#at.namespace, this.#at.name);
    if (answer.status?.listener?.instance === instance) {
      this.#isRecorded = true;
      this.#deafTimes = 0;
      this.#written = key;
    } else {
      this.#turnDeaf('the kind, as it is installed, does not keep it');
    }
    this.see(answer, at);
  }

  async #refused(error: unknown): Promise<'refused'> {
    if (isKubeError(error, 'conflict')) {
      await this.look();
      // Whoever came to be recorded meanwhile was quicker to take the same place.
      this.#judge(true);
      return 'refused';
    }
    if (!isKubeError(error, 'forbidden') && !isKubeError(error, 'invalid')) throw error;
    this.#turnDeaf(error.message);
    return 'refused';
  }

  #judge(mayReplace: boolean): void {
    const recorded = this.#seen?.listener?.instance;
    const { instance, onReplaced } = this.#deps;
    const isOther = ![undefined, instance, this.#predecessor].includes(recorded);
    if (!mayReplace || !isOther || this.#isReplaced) return;
    this.#isReplaced = true;
    onReplaced();
  }

  #turnDeaf(why: string): void {
    const { clock, log, bell } = this.#deps;
    const restMs = Math.min(DEAF.firstMs * 2 ** this.#deafTimes, DEAF.maxMs);
    if (this.#deafTimes === 0) {
      log.info('goes on without a word in the status of its set', { set: this.#set.setName, why });
    }
    this.#deafTimes += 1;
    this.#deafUntil = clock.elapsed() + restMs;
    clock.setTimeout(() => {
      bell.ring();
    }, restMs);
  }
}

const seenIn = ({ metadata, spec, status = {} }: EphemeralRunnerSet, at: number): Seen => ({
  at,
  replicas: spec.replicas ?? 0,
  current: status.currentReplicas ?? 0,
  place: placeIn(status, metadata.annotations),
  ignoresPhantoms: metadata.annotations?.[LISTENER_ANNOTATIONS.phantomJobs] === 'ignore',
  ...(status.listener && { listener: status.listener }),
});

function placeIn(
  { blocked, runningEphemeralRunners: running = 0 }: EphemeralRunnerSetStatus,
  annotations: Readonly<Record<string, string>> = {},
): Place {
  const { capacity } = blocked ?? {};
  return {
    ...(blocked && { blocked: capacity === undefined ? {} : { capacity } }),
    running,
    isFeedbackOff: annotations[LISTENER_ANNOTATIONS.capacity] === 'full',
  };
}
