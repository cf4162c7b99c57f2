// Where the loop of a scale set stands: `status.listener.state`, a metric label and a log field.

/** What may be wrong on GitHub's side. */
const TROUBLES = [
  /** The queue's token was refused although it was renewed. */
  'token-expired',
  /** The service no longer knows the session. */
  'session-lost',
  /** Another one holds it. */
  'session-taken',
  'scale-set-gone',
  /** 401 or 403 that a fresh token did not cure. */
  'unauthorized',
  'rate-limited',
  /** 5xx. */
  'service-failing',
  'unreachable',
  /** An answer that breaks the protocol: an empty 200, bad JSON, a missing field. */
  'bad-answer',
  'refused',
] as const;

/** What may be wrong on the side of Kubernetes; it goes on hearing meanwhile. */
const WRITE_TROUBLES = [
  'kubernetes-away',
  'kubernetes-refuses',
  /** There is no EphemeralRunnerSet of that name. */
  'set-gone',
] as const;

export const STATES = [
  'starting',
  'listening',
  ...TROUBLES,
  ...WRITE_TROUBLES,
  /** This set cannot be listened for as it is configured. */
  'misconfigured',
  'stopped',
  'replaced',
] as const;

export type Trouble = (typeof TROUBLES)[number];
export type WriteTrouble = (typeof WRITE_TROUBLES)[number];
export type State = (typeof STATES)[number];

export interface Standing {
  state: State;
  reason: string;
}

/** Both sides. Each is absent while all is well. */
export interface Sides {
  /** What the loop last said of hearing: a trouble, or how it listens. */
  hearing: { state: Trouble | 'starting' | 'listening'; reason: string };
  writing?: { state: WriteTrouble; reason: string };
}

/** Not to hear is worse than not to write: what is heard is kept. */
export function standingOf({ hearing, writing }: Sides): Standing {
  return hearing.state === 'listening' && writing ? writing : hearing;
}
