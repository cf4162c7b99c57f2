// Scripted failures: which call goes wrong, how often, and how.

/** The calls of the service, by what they are for. */
export const CALLS = [
  'installation-token',
  'registration-token',
  'runner-registration',
  'get-run',
  'list-run-jobs',
  'rerun-job',
  'find-runner-group',
  'find-scale-set',
  'get-scale-set',
  'create-scale-set',
  'update-scale-set',
  'delete-scale-set',
  'create-session',
  'refresh-session',
  'delete-session',
  'get-message',
  'delete-message',
  'acquire-jobs',
  'acquirable-jobs',
  'generate-jit-config',
  'get-runner',
  'find-runner',
  'remove-runner',
  'runner-session',
  'runner-message',
  'runner-leave',
  'runner-job-started',
  'runner-job-log',
  'runner-job-complete',
] as const;

export type Call = (typeof CALLS)[number];

export type FaultEffect =
  /**
   * Answers so and does nothing. `typeName` makes it a typed exception; `text` is sent as it is, as text/plain unless
   * `contentType` says otherwise. `retryAfter` is seconds or an HTTP date.
   */
  | {
      do: 'answer';
      status: number;
      typeName?: string;
      message?: string;
      text?: string;
      contentType?: string;
      retryAfterSeconds?: number;
      retryAfter?: string;
    }
  /** Waits, then goes on as usual. */
  | { do: 'delay'; ms: number }
  /** Never answers. */
  | { do: 'hang' }
  /** Does nothing and cuts the connection. */
  | { do: 'drop' }
  /** Does what was asked and cuts the connection instead of answering. */
  | { do: 'lose-answer' }
  /** 200 with an empty body: seen live on the poll. */
  | { do: 'empty' }
  /** The usual answer behind a byte order mark. */
  | { do: 'byte-order-mark' }
  /** The usual answer without `statistics`: null. */
  | { do: 'null-statistics' }
  /** The usual answer with statistics that are all 0, though it carries jobs: seen live. */
  | { do: 'zero-statistics' }
  /** A session without a queue URL: seen live. */
  | { do: 'empty-queue-url' }
  /** A job message of an unknown type comes first in the batch. */
  | { do: 'unknown-message' }
  /** Says that it was done and does nothing: a DELETE whose message comes again. */
  | { do: 'forget'; status: number };

const SESSIONS = ['create-session', 'refresh-session'] as const;

/** Effects that change a part of the answer, and the calls whose answers have it. */
const ONLY_FOR: Readonly<Partial<Record<FaultEffect['do'], readonly Call[]>>> = {
  'null-statistics': [...SESSIONS, 'get-message'],
  'zero-statistics': [...SESSIONS, 'get-message'],
  'empty-queue-url': SESSIONS,
  'unknown-message': ['get-message'],
};

/** Why the call cannot meet this effect; undefined when it can. */
export function misfit({ call, effect }: Pick<FaultWish, 'call' | 'effect'>): string | undefined {
  const calls = ONLY_FOR[effect.do];
  return !calls || calls.includes(call) ? undefined : `${effect.do} is for ${calls.join(', ')}`;
}

export interface FaultWish {
  call: Call;
  /** Only for this scope (`my-org`); absent: for all. Known only where a call carries a token. */
  scope?: string;
  /** Only for the scale set of this name; known only where the call names one. */
  scaleSet?: string;
  /** So many calls go well first. */
  after?: number;
  /** So many calls fail; absent: one, unless `forMs` is given. */
  times?: number;
  /** Only so long, from now. */
  forMs?: number;
  effect: FaultEffect;
}

export interface Fault extends FaultWish {
  id: number;
  /** Calls that it has hit. */
  hits: number;
}

/** What a fault is matched against. */
interface Caller {
  call: Call;
  scope: string | undefined;
  scaleSet: string | undefined;
}

export interface Faults {
  /** Throws when the call cannot meet the effect. */
  add(wish: FaultWish): Fault;
  remove(id: number): void;
  clear: () => void;
  /** Also those that are used up, with their hits. */
  list(): Fault[];
  /** The effect that the call meets, and counts it. The oldest fault that fits wins. */
  meet(caller: Caller): FaultEffect | undefined;
}

interface Entry {
  fault: Fault;
  skip: number;
  left: number;
  until: number;
}

export function createFaults(now: () => number): Faults {
  let entries: Entry[] = [];
  let nextId = 1;
  return {
    add(wish) {
      const problem = misfit(wish);
      if (problem !== undefined) throw new Error(problem);
      const { after = 0, forMs, times = forMs === undefined ? 1 : Infinity } = wish;
      const fault = { ...wish, id: nextId, hits: 0 };
      nextId += 1;
      const until = forMs === undefined ? Infinity : now() + forMs;
      entries.push({ fault, skip: after, left: times, until });
      return fault;
    },
    remove(id) {
      entries = entries.filter(({ fault }) => fault.id !== id);
    },
    clear() {
      entries = [];
    },
    list: () => entries.map(({ fault }) => ({ ...fault })),
    meet(caller) {
      for (const entry of entries) {
        if (!fits(entry.fault, caller) || entry.left === 0 || now() >= entry.until) continue;
        if (entry.skip > 0) {
          entry.skip -= 1;
          continue;
        }
        entry.left -= 1;
        entry.fault.hits += 1;
        return entry.fault.effect;
      }
      return undefined;
    },
  };
}

const fits = ({ call, scope, scaleSet }: FaultWish, caller: Caller): boolean =>
  call === caller.call &&
  (scope === undefined || scope.toLowerCase() === caller.scope?.toLowerCase()) &&
  (scaleSet === undefined || scaleSet.toLowerCase() === caller.scaleSet?.toLowerCase());
