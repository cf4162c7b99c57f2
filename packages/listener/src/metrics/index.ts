// The listener's metrics. ARC's are those of each set's own configuration, so each set has a registry
// of its own for them; what is served is all of them together, a metric of a name once.
import { AggregatorRegistry, Counter, Registry } from 'prom-client';
import type { JobCompleted, JobStarted, Statistics } from '@muster/actions/wire';
import type { ListenedScaleSet } from '@muster/api';
import type { Log } from '@muster/kube';
import { instant, secondsBetween } from './labels.ts';
import { ourMetrics } from './ours.ts';
import { setMetrics } from './set.ts';
import type { State } from '../standing.ts';
import type { Ours } from './ours.ts';
import type { SetMetrics } from './set.ts';

/** Which set it is of. */
type Place = Pick<ListenedScaleSet, 'setName' | 'setNamespace'>;

export interface Metrics {
  listening(set: ListenedScaleSet): void;
  statistics(set: ListenedScaleSet, statistics: Statistics): void;
  /** How many runners are wanted now. */
  wished(set: ListenedScaleSet, replicas: number): void;
  started(set: ListenedScaleSet, job: JobStarted): void;
  completed(set: ListenedScaleSet, job: JobCompleted): void;
  stands(set: ListenedScaleSet, state: State): void;
  polled(set: ListenedScaleSet): void;
  capacity(set: ListenedScaleSet, jobs: number): void;
  /** Runners that are there. */
  observed(set: ListenedScaleSet, runners: number): void;
  phantoms(set: ListenedScaleSet, jobs: number): void;
  /** The wish for a job's runner was written so long after the job was queued. */
  answered(set: ListenedScaleSet, seconds: number): void;
  forget(set: Place): void;
  text(): Promise<string>;
  readonly contentType: string;
}

export interface MetricsParts {
  log: Pick<Log, 'error'>;
  /** A clock that never jumps. */
  elapsedMs: () => number;
}

export function createMetrics({ log, elapsedMs }: MetricsParts): Metrics {
  const shared = new Registry();
  handlerErrors(shared);
  const sets = new Map<string, SetMetrics>();
  const of = (set: ListenedScaleSet): SetMetrics => {
    const known = sets.get(keyOf(set)) ?? setMetrics(set, log);
    sets.set(keyOf(set), known);
    return known;
  };
  const ours = ourMetrics(shared, elapsedMs);
  return {
    ...arcs(of),
    ...beside(ours, elapsedMs),
    forget(set) {
      sets.delete(keyOf(set));
      ours.forget(at(set));
    },
    async text() {
      const registries = [shared, ...[...sets.values()].map(({ registry }) => registry)];
      const all = await Promise.all(registries.map((registry) => registry.getMetricsAsJSON()));
      return AggregatorRegistry.aggregate(all).metrics();
    },
    contentType: shared.contentType,
  };
}

const at = (set: Place): { name: string; namespace: string } => ({
  name: set.setName,
  namespace: set.setNamespace,
});

const keyOf = (set: Place): string => `${set.setNamespace}/${set.setName}`;

type Arcs = Pick<Metrics, 'listening' | 'statistics' | 'wished' | 'started' | 'completed'>;

const arcs = (of: (set: ListenedScaleSet) => SetMetrics): Arcs => ({
  listening(set) {
    of(set).set('gha_min_runners', set.minRunners);
    of(set).set('gha_max_runners', set.maxRunners);
  },
  statistics(set, told) {
    const { set: put } = of(set);
    put('gha_assigned_jobs', told.totalAssignedJobs);
    put('gha_running_jobs', told.totalRunningJobs);
    put('gha_registered_runners', told.totalRegisteredRunners);
    put('gha_busy_runners', told.totalBusyRunners);
    put('gha_idle_runners', told.totalIdleRunners);
  },
  wished(set, replicas) {
    of(set).set('gha_desired_runners', replicas);
  },
  started(set, job) {
    of(set).count('gha_started_jobs_total', job);
    const seconds = secondsBetween(job.scaleSetAssignTime, job.runnerAssignTime);
    of(set).observe('gha_job_startup_duration_seconds', job, seconds);
  },
  completed(set, job) {
    // A job that was cancelled before it got a runner has no duration (ARC 0.14.2).
    if (instant(job.runnerAssignTime) === undefined) return;
    of(set).count('gha_completed_jobs_total', job);
    const seconds = secondsBetween(job.runnerAssignTime, job.finishTime);
    of(set).observe('gha_job_execution_duration_seconds', job, seconds);
  },
});

type Beside = Pick<
  Metrics,
  'stands' | 'polled' | 'capacity' | 'observed' | 'phantoms' | 'answered'
>;

const beside = (ours: Ours, elapsedMs: () => number): Beside => ({
  stands: (set, state) => {
    ours.stands(at(set), state);
  },
  polled: (set) => {
    ours.polled(at(set), elapsedMs());
  },
  capacity: (set, jobs) => {
    ours.capacity(at(set), jobs);
  },
  observed: (set, runners) => {
    ours.observed(at(set), runners);
  },
  phantoms: (set, jobs) => {
    ours.phantoms(at(set), jobs);
  },
  answered: (set, seconds) => {
    ours.answered(at(set), seconds);
  },
});

/** Go's handler counts its own failures; here a page that cannot be made is a 500 and a line in the log. */
function handlerErrors(registry: Registry): void {
  const counter = new Counter({
    name: 'promhttp_metric_handler_errors_total',
    help: 'Total number of internal errors encountered by the promhttp metric handler.',
    labelNames: ['cause'],
    registers: [registry],
  });
  counter.inc({ cause: 'encoding' }, 0);
  counter.inc({ cause: 'gathering' }, 0);
}
