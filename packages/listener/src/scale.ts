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

/** One message, the statistics of a session, or a poll that ended empty. */
export interface Heard {
  /** On a clock that never jumps. */
  now: number;
  /** totalAssignedJobs; absent when the service sent no statistics. */
  assigned?: number;
  /** The statistics were asked for because others were doubted: these are believed. */
  isCertain?: boolean;
  /** Assigned jobs that are left out: they never start, and the user does not want runners for them. */
  ignored?: number;
  started?: readonly string[];
  completed?: readonly string[];
  /** The runners of the completed jobs. */
  finished?: readonly string[];
}

export interface ScaleState {
  /** The last number used; the first is 0, so the first patch converges. */
  sequence: number;
  /** Absent until the service has told it: nothing is wished before. */
  assigned?: number;
  ignored: number;
  /** Jobs that started and are not known to have completed. */
  running: ReadonlySet<string>;
  /** Runners that finished a moment ago. */
  finished: readonly { runner: string; at: number }[];
  /** What was last wished. */
  wished?: Patch;
}

export interface Decision {
  state: ScaleState;
  patch?: Patch;
  /** The converging patch is due so long from now, if nothing happens before. */
  settleInMs?: number;
  /** The statistics count fewer jobs than are known to run. */
  isDoubtful?: boolean;
}

export const INITIAL: ScaleState = {
  sequence: -1,
  ignored: 0,
  running: new Set(),
  finished: [],
};

// A runner ends within seconds of its job. The list must stay small: it goes with each patch.
const FINISHED_MS = 60_000;
const MOST_FINISHED = 500;

// ARC keeps the number in an int32 and goes on at 1, for 0 means something else.
const LAST_SEQUENCE = 2147483647;

/** Minimum runners are idle extras on top of the assigned jobs, not a floor. */
const targetOf = (jobs: number, { minRunners, maxRunners }: Limits): number =>
  Math.min(minRunners + jobs, maxRunners);

export function decide(before: ScaleState, heard: Heard, limits: Limits): Decision {
  const { assigned = before.assigned, ignored = before.ignored } = heard;
  const state: ScaleState = {
    ...before,
    ignored,
    running: stillRunning(before.running, heard),
    finished: justFinished(before.finished, heard),
  };
  if (assigned === undefined) return { state };
  // The end of a job may have been lost; without this nothing would ever converge again.
  if (heard.isCertain === true && assigned < state.running.size) state.running = new Set();
  const known = { ...state, assigned };
  const replicas = targetOf(Math.max(0, assigned - ignored), limits);
  return limits.settleMs === undefined
    ? followArc(known, heard, { replicas, minRunners: limits.minRunners })
    : followEvents(known, heard, { replicas, settleMs: limits.settleMs });
}

/** The converging patch, once it is due: it takes away what the numbered ones left. */
export function settle(state: ScaleState, limits: Limits): Decision {
  const { assigned, ignored, wished, running } = state;
  if (assigned === undefined) return { state };
  // Statistics of all zeros have been seen beside running jobs (reference/protocol.md 13). The next
  // completed job settles it, or statistics that are asked for.
  if (assigned < running.size) return { state, isDoubtful: true };
  const replicas = targetOf(Math.max(0, assigned - ignored), limits);
  if (wished?.patchID === 0 && wished.replicas === replicas) return { state };
  const patch = { replicas, patchID: 0, ...finishedIn(state) };
  return { state: { ...state, wished: patch }, patch };
}

/** The set no longer holds what was wished (it was made anew, or another changed it): wish it again. */
export const forgetWish = (state: ScaleState): ScaleState => {
  const forgotten = { ...state };
  delete forgotten.wished;
  return forgotten;
};

function followEvents(
  state: ScaleState,
  heard: Heard,
  { replicas, settleMs }: { replicas: number; settleMs: number },
): Decision {
  const isChanged = state.wished?.replicas !== replicas || hasAny(heard.completed);
  const isEvent = isChanged || hasAny(heard.started) || heard.isCertain === true;
  const settling = isEvent ? { settleInMs: settleMs } : {};
  if (!isChanged) return { state, ...settling };
  const sequence = following(state.sequence);
  const patch = { replicas, patchID: sequence, ...finishedIn(state) };
  return { state: { ...state, sequence, wished: patch }, patch, ...settling };
}

function followArc(
  state: ScaleState,
  heard: Heard,
  { replicas, minRunners }: { replicas: number; minRunners: number },
): Decision {
  const sequence = following(state.sequence);
  const isDirty = hasAny(heard.started) || hasAny(heard.completed);
  const isSettled = !isDirty && replicas === state.wished?.replicas && replicas === minRunners;
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
  return [
    ...before.filter(({ at }) => now - at < FINISHED_MS),
    ...finished.filter((runner) => runner !== '').map((runner) => ({ runner, at: now })),
  ].slice(-MOST_FINISHED);
}
