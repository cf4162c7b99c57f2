// The listener's metrics: names, labels, buckets and their configuration as ARC's (reference/
// protocol.md 9). An own registry, without process metrics, so that dashboards see what they know.
import { Counter, Gauge, Histogram, Registry } from 'prom-client';
import { parseConfigUrl } from '@muster/actions';
import type { ListenedScaleSet, MetricsConfig } from '@muster/api';
import type { JobCompleted, JobStarted, Statistics } from '@muster/actions/wire';
import { workflowOf } from './workflow-ref.ts';

const SET_LABELS = ['enterprise', 'organization', 'repository', 'name', 'namespace'];
const JOB_LABELS = ['enterprise', 'organization', 'repository', 'job_name', 'event_name'];
const COMPLETED_LABELS = [...JOB_LABELS, 'job_result'];

const BUCKETS = [
  0.01, 0.05, 0.1, 0.5, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 12, 15, 18, 20, 25, 30, 40, 50, 60, 70, 80,
  90, 100, 110, 120, 150, 180, 210, 240, 300, 360, 420, 480, 540, 600, 900, 1200, 1800, 2400, 3000,
  3600,
];

const GAUGES = {
  gha_assigned_jobs: 'Number of jobs assigned to this scale set.',
  gha_running_jobs: 'Number of jobs running (or about to be run).',
  gha_registered_runners: 'Number of runners registered by the scale set.',
  gha_busy_runners: 'Number of registered runners running a job.',
  gha_min_runners: 'Minimum number of runners.',
  gha_max_runners: 'Maximum number of runners.',
  gha_desired_runners: 'Number of runners desired by the scale set.',
  gha_idle_runners: 'Number of registered runners not running a job.',
} as const;

const COUNTERS = {
  gha_started_jobs_total: { help: 'Total number of jobs started.', labels: JOB_LABELS },
  gha_completed_jobs_total: { help: 'Total number of jobs completed.', labels: COMPLETED_LABELS },
} as const;

const HISTOGRAMS = {
  gha_job_startup_duration_seconds: {
    help: 'Time spent waiting for workflow job to get started on the runner owned by the scale set (in seconds).',
    labels: JOB_LABELS,
  },
  gha_job_execution_duration_seconds: {
    help: 'Time spent executing workflow jobs by the scale set (in seconds).',
    labels: COMPLETED_LABELS,
  },
} as const;

type Labels = Record<string, string>;
type GaugeName = keyof typeof GAUGES;
type CounterName = keyof typeof COUNTERS;
type HistogramName = keyof typeof HISTOGRAMS;

export interface Metrics {
  listening(set: ListenedScaleSet): void;
  statistics(set: ListenedScaleSet, statistics: Statistics): void;
  wished(set: ListenedScaleSet, replicas: number): void;
  started(set: ListenedScaleSet, job: JobStarted): void;
  completed(set: ListenedScaleSet, job: JobCompleted): void;
  text(): Promise<string>;
  readonly contentType: string;
}

/** With a configuration only the metrics that it lists exist; others are recorded nowhere. */
export function createMetrics(config: MetricsConfig | undefined): Metrics {
  const registry = new Registry();
  const gauges = gaugesOf(registry, config);
  const counters = countersOf(registry, config);
  const histograms = histogramsOf(registry, config);
  const set = (name: GaugeName, labels: Labels, value: number): void => {
    const gauge = gauges.get(name);
    gauge?.metric.set(chosen(labels, gauge.labels), value);
  };
  return {
    listening(of) {
      set('gha_min_runners', setLabels(of), of.minRunners);
      set('gha_max_runners', setLabels(of), of.maxRunners);
    },
    statistics(of, statistics) {
      const labels = setLabels(of);
      set('gha_assigned_jobs', labels, statistics.totalAssignedJobs);
      set('gha_running_jobs', labels, statistics.totalRunningJobs);
      set('gha_registered_runners', labels, statistics.totalRegisteredRunners);
      set('gha_busy_runners', labels, statistics.totalBusyRunners);
      set('gha_idle_runners', labels, statistics.totalIdleRunners);
    },
    wished(of, replicas) {
      set('gha_desired_runners', setLabels(of), replicas);
    },
    started(of, job) {
      const labels = jobLabels(of, job);
      count(counters.get('gha_started_jobs_total'), labels);
      const seconds = secondsBetween(job.scaleSetAssignTime, job.runnerAssignTime);
      observe(histograms.get('gha_job_startup_duration_seconds'), labels, seconds);
    },
    completed(of, job) {
      // A job that was cancelled before it got a runner has no duration (ARC 0.14.2).
      if (instant(job.runnerAssignTime) === undefined) return;
      const labels = { ...jobLabels(of, job), job_result: job.result };
      count(counters.get('gha_completed_jobs_total'), labels);
      const seconds = secondsBetween(job.runnerAssignTime, job.finishTime);
      observe(histograms.get('gha_job_execution_duration_seconds'), labels, seconds);
    },
    text: () => registry.metrics(),
    contentType: registry.contentType,
  };
}

interface Labelled<Metric> {
  metric: Metric;
  labels: readonly string[];
}

type Gauges = Map<GaugeName, Labelled<Gauge>>;
type Counters = Map<CounterName, Labelled<Counter>>;
type Histograms = Map<HistogramName, Labelled<Histogram>>;

const keysOf = <K extends string>(table: Record<K, unknown>): K[] => Object.keys(table) as K[];

function gaugesOf(registry: Registry, config: MetricsConfig | undefined): Gauges {
  const made: Gauges = new Map();
  for (const name of keysOf(GAUGES)) {
    const labels = config ? config.gauges?.[name]?.labels : SET_LABELS;
    if (labels === undefined) continue;
    const metric = new Gauge({
      name,
      help: GAUGES[name],
      labelNames: labels,
      registers: [registry],
    });
    made.set(name, { metric, labels });
  }
  return made;
}

function countersOf(registry: Registry, config: MetricsConfig | undefined): Counters {
  const made: Counters = new Map();
  for (const name of keysOf(COUNTERS)) {
    const { help, labels: defaults } = COUNTERS[name];
    const labels = config ? config.counters?.[name]?.labels : defaults;
    if (labels === undefined) continue;
    made.set(name, {
      metric: new Counter({ name, help, labelNames: labels, registers: [registry] }),
      labels,
    });
  }
  return made;
}

function histogramsOf(registry: Registry, config: MetricsConfig | undefined): Histograms {
  const made: Histograms = new Map();
  for (const name of keysOf(HISTOGRAMS)) {
    const { help, labels: defaults } = HISTOGRAMS[name];
    const wanted = config ? config.histograms?.[name] : { labels: [...defaults] };
    if (wanted === undefined) continue;
    const buckets = 'buckets' in wanted && wanted.buckets?.length ? wanted.buckets : BUCKETS;
    const options = { name, help, labelNames: wanted.labels, buckets, registers: [registry] };
    made.set(name, { metric: new Histogram(options), labels: wanted.labels });
  }
  return made;
}

function count(counter: Labelled<Counter> | undefined, labels: Labels): void {
  counter?.metric.inc(chosen(labels, counter.labels));
}

function observe(
  histogram: Labelled<Histogram> | undefined,
  labels: Labels,
  seconds: number | undefined,
): void {
  if (seconds === undefined) return;
  histogram?.metric.observe(chosen(labels, histogram.labels), seconds);
}

/** A configured label that does not apply has an empty value. */
const chosen = (labels: Labels, names: readonly string[]): Labels =>
  Object.fromEntries(names.map((name) => [name, labels[name] ?? '']));

interface Scope {
  enterprise?: string;
  organization?: string;
  repository?: string;
}

function setLabels(set: ListenedScaleSet): Labels {
  const {
    enterprise = '',
    organization = '',
    repository = '',
  }: Scope = parseConfigUrl(set.configUrl);
  return { enterprise, organization, repository, name: set.setName, namespace: set.setNamespace };
}

function jobLabels(set: ListenedScaleSet, job: JobStarted | JobCompleted): Labels {
  const { enterprise = '' }: Scope = parseConfigUrl(set.configUrl);
  const workflow = workflowOf(job.jobWorkflowRef);
  return {
    enterprise,
    organization: job.ownerName,
    repository: job.repositoryName,
    job_name: job.jobDisplayName,
    job_workflow_ref: job.jobWorkflowRef,
    job_workflow_name: workflow.name,
    job_workflow_target: workflow.target,
    event_name: job.eventName,
  };
}

/** Whole Unix seconds; undefined for the zero time, which Go writes as year 1. */
function instant(time: string | undefined): number | undefined {
  const ms = Date.parse(time ?? '');
  return Number.isNaN(ms) || ms <= 0 ? undefined : Math.floor(ms / 1000);
}

function secondsBetween(from: string | undefined, to: string | undefined): number | undefined {
  const [start, end] = [instant(from), instant(to)];
  return start === undefined || end === undefined ? undefined : end - start;
}
