// From what was heard to what is wished: how many runners, under which patch number. No client, no
// clock, no await. Two rules: ours (design.md, decision 14) and ARC's (reference/protocol.md 7.3).

export interface Limits {
  minRunners: number;
  maxRunners: number;
  /** How long after the last event one converging patch is sent. Absent: ARC's rule. */
  settleMs?: number;
}

/** `patchID` above 0: grow if needed. 0: this is the truth, shrink if needed. */
export interface Patch {
  replicas: number;
  patchID: number;
  /** Runners that may still be there, but that `replicas` no longer counts. Never by ARC's rule. */
  finishedRunners?: string[];
}

/** One message, the statistics of a new session, or a poll that ended empty. */
export interface Heard {
  now: number;
  /** totalAssignedJobs; absent when the service sent no statistics. */
  assigned?: number;
  started?: readonly string[];
  completed?: readonly string[];
  /** The runners of the completed jobs. */
  finished?: readonly string[];
}

export interface ScaleState {
  /** The last number used; the first is 0, so the first patch converges. */
  sequence: number;
  assigned: number;
  /** Jobs that started and are not known to have completed. */
  running: ReadonlySet<string>;
  /** Runners that finished a moment ago, and until when they are told of. */
  finished: readonly { runner: string; until: number }[];
  /** What was last wished. */
  wished?: Patch;
  /** When the converging patch is due, in epoch milliseconds. */
  settleAt?: number;
}

export interface Decision {
  state: ScaleState;
  patch?: Patch;
}

export const INITIAL: ScaleState = {
  sequence: -1,
  assigned: 0,
  running: new Set(),
  finished: [],
};

// A runner ends within seconds of its job. The list must stay small: it goes with each patch.
const FINISHED_MS = 60_000;
const MOST_FINISHED = 500;

// ARC keeps the number in an int32 and goes on at 1, for 0 means something else.
const LAST_SEQUENCE = 2147483647;

/** Minimum runners are idle extras on top of the assigned jobs, not a floor. */
const targetOf = (assigned: number, { minRunners, maxRunners }: Limits): number =>
  Math.min(minRunners + assigned, maxRunners);

export function decide(before: ScaleState, heard: Heard, limits: Limits): Decision {
  const state: ScaleState = {
    ...before,
    assigned: heard.assigned ?? before.assigned,
    running: stillRunning(before.running, heard),
    finished: justFinished(before.finished, heard),
  };
  return limits.settleMs === undefined
    ? followArc(state, heard, limits)
    : followEvents(state, heard, { ...limits, settleMs: limits.settleMs });
}

/** The converging patch, once it is due: it takes away what the numbered ones left. */
export function settle(state: ScaleState, now: number, limits: Limits): Decision {
  if (state.settleAt === undefined || now < state.settleAt) return { state };
  const settled = { ...state };
  delete settled.settleAt;
  const replicas = targetOf(state.assigned, limits);
  const hasConverged = state.wished?.patchID === 0 && state.wished.replicas === replicas;
  // Statistics of all zeros have been seen beside running jobs (reference/protocol.md 13). The next
  // completed job settles it.
  const areDoubtful = state.assigned < state.running.size;
  if (hasConverged || areDoubtful) return { state: settled };
  const patch = { replicas, patchID: 0, ...finishedIn(state) };
  return { state: { ...settled, wished: patch }, patch };
}

function followEvents(
  state: ScaleState,
  heard: Heard,
  limits: Limits & { settleMs: number },
): Decision {
  const replicas = targetOf(state.assigned, limits);
  const isChanged = state.wished?.replicas !== replicas || hasAny(heard.completed);
  const isEvent = isChanged || hasAny(heard.started);
  const settleAt = isEvent ? { settleAt: heard.now + limits.settleMs } : {};
  if (!isChanged) return { state: { ...state, ...settleAt } };
  const sequence = following(state.sequence);
  const patch = { replicas, patchID: sequence, ...finishedIn(state) };
  return { state: { ...state, ...settleAt, sequence, wished: patch }, patch };
}

function followArc(state: ScaleState, heard: Heard, limits: Limits): Decision {
  const sequence = following(state.sequence);
  const replicas = targetOf(state.assigned, limits);
  const isDirty = hasAny(heard.started) || hasAny(heard.completed);
  const isSettled =
    !isDirty && replicas === state.wished?.replicas && replicas === limits.minRunners;
  const patch = { replicas, patchID: isSettled ? 0 : sequence };
  return { state: { ...state, sequence, wished: patch }, patch };
}

const following = (sequence: number): number => (sequence === LAST_SEQUENCE ? 1 : sequence + 1);

const hasAny = (jobs: readonly string[] | undefined): boolean => (jobs?.length ?? 0) > 0;

function stillRunning(running: ReadonlySet<string>, heard: Heard): ReadonlySet<string> {
  if (!hasAny(heard.started) && !hasAny(heard.completed)) return running;
  const completed = new Set(heard.completed);
  return new Set([...running, ...(heard.started ?? [])].filter((job) => !completed.has(job)));
}

const finishedIn = ({ finished }: ScaleState): Pick<Patch, 'finishedRunners'> => ({
  finishedRunners: finished.map(({ runner }) => runner),
});

function justFinished(
  before: ScaleState['finished'],
  { now, finished = [] }: Heard,
): ScaleState['finished'] {
  const until = now + FINISHED_MS;
  return [
    ...before.filter((one) => one.until > now),
    ...finished.filter((runner) => runner !== '').map((runner) => ({ runner, until })),
  ].slice(-MOST_FINISHED);
}
