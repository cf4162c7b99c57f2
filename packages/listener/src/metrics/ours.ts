// Our metrics beside ARC's, for every set of the process, whatever is configured of ARC's.
import { Counter, Gauge, Histogram } from 'prom-client';
import { STATES } from '../standing.ts';
import type { Registry } from 'prom-client';
import type { State } from '../standing.ts';

const SET = ['name', 'namespace'] as const;

type Place = Record<(typeof SET)[number], string>;

export interface Ours {
  stands(set: Place, state: State): void;
  polled(set: Place, atMs: number): void;
  capacity(set: Place, jobs: number): void;
  observed(set: Place, runners: number): void;
  phantoms(set: Place, jobs: number): void;
  answered(set: Place, seconds: number): void;
  forget(set: Place): void;
}

const LAG_SECONDS = [0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60, 300];

const keyOf = ({ namespace, name }: Place): string => `${namespace}/${name}`;

/** `elapsedMs` is a clock that never jumps. */
export function ourMetrics(registry: Registry, elapsedMs: () => number): Ours {
  const registers = [registry];
  const gauge = (name: string, help: string): Gauge<keyof Place> =>
    new Gauge({ name: `muster_listener_${name}`, help, labelNames: SET, registers });
  const polls = pollAges(registers, elapsedMs);
  const states = statesOf(registers);
  const odd = phantomJobs(registers);
  const capacity = gauge('advertised_capacity', 'Jobs that the service is told the set can take.');
  const observed = gauge('observed_runners', 'Runners that the set was last seen to have.');
  const lag = new Histogram({
    name: 'muster_listener_job_queued_to_wish_seconds',
    help: 'From the queueing of a job to the wish for its runner being written (in seconds).',
    labelNames: SET,
    buckets: LAG_SECONDS,
    registers,
  });
  return {
    stands: states.put,
    polled: polls.put,
    phantoms: odd.put,
    capacity: (set, jobs) => {
      capacity.set(set, jobs);
    },
    observed: (set, runners) => {
      observed.set(set, runners);
    },
    answered: (set, seconds) => {
      lag.observe(set, seconds);
    },
    forget(set) {
      for (const one of [polls, states, odd]) one.forget(set);
      for (const metric of [capacity, observed, lag]) metric.remove(set);
    },
  };
}

interface Kept<T> {
  put: (set: Place, value: T) => void;
  forget: (set: Place) => void;
}

function pollAges(registers: Registry[], elapsedMs: () => number): Kept<number> {
  const polls = new Map<string, { set: Place; atMs: number }>();
  const age = new Gauge({
    name: 'muster_listener_poll_age_seconds',
    help: 'Seconds since a poll of the service last ended.',
    labelNames: SET,
    registers,
    collect() {
      for (const { set, atMs } of polls.values()) this.set(set, (elapsedMs() - atMs) / 1000);
    },
  });
  return {
    put: (set, atMs) => void polls.set(keyOf(set), { set, atMs }),
    forget(set) {
      polls.delete(keyOf(set));
      age.remove(set);
    },
  };
}

function statesOf(registers: Registry[]): Kept<State> {
  const current = new Map<string, State>();
  const gauge = new Gauge({
    name: 'muster_listener_state',
    help: '1 for the state that the listener of the set is in.',
    labelNames: [...SET, 'state'] as const,
    registers,
  });
  return {
    put(set, now) {
      const before = current.get(keyOf(set));
      if (before === now) return;
      // All of them from the start, so that an alert may be written for a state that never was.
      const others = before === undefined ? STATES : [before];
      for (const state of others) gauge.set({ ...set, state }, 0);
      gauge.set({ ...set, state: now }, 1);
      current.set(keyOf(set), now);
    },
    forget(set) {
      current.delete(keyOf(set));
      for (const state of STATES) gauge.remove({ ...set, state });
    },
  };
}

function phantomJobs(registers: Registry[]): Kept<number> {
  const odd = new Set<string>();
  const jobs = new Gauge({
    name: 'muster_listener_phantom_jobs',
    help: 'Assigned jobs that do not start although runners wait.',
    labelNames: SET,
    registers,
  });
  const found = new Counter({
    name: 'muster_listener_phantom_jobs_found_total',
    help: 'Times that assigned jobs were found not to start although runners wait.',
    labelNames: SET,
    registers,
  });
  return {
    put(set, count) {
      jobs.set(set, count);
      if (count === 0) odd.delete(keyOf(set));
      else if (!odd.has(keyOf(set))) {
        odd.add(keyOf(set));
        found.inc(set);
      }
    },
    forget(set) {
      odd.delete(keyOf(set));
      jobs.remove(set);
      found.remove(set);
    },
  };
}
