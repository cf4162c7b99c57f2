// The metrics that ARC's listener has: names, labels, help and buckets (reference/protocol.md 9).

const SET_LABELS = ['enterprise', 'organization', 'repository', 'name', 'namespace'];
const JOB_LABELS = ['enterprise', 'organization', 'repository', 'job_name', 'event_name'];
const COMPLETED_LABELS = [...JOB_LABELS, 'job_result'];

export const BUCKETS: readonly number[] = [
  0.01, 0.05, 0.1, 0.5, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 12, 15, 18, 20, 25, 30, 40, 50, 60, 70, 80,
  90, 100, 110, 120, 150, 180, 210, 240, 300, 360, 420, 480, 540, 600, 900, 1200, 1800, 2400, 3000,
  3600,
];

export interface Described {
  help: string;
  /** Without a configuration. */
  labels: readonly string[];
}

const ofSet = (help: string): Described => ({ help, labels: SET_LABELS });

export const GAUGES = {
  gha_assigned_jobs: ofSet('Number of jobs assigned to this scale set.'),
  gha_running_jobs: ofSet('Number of jobs running (or about to be run).'),
  gha_registered_runners: ofSet('Number of runners registered by the scale set.'),
  gha_busy_runners: ofSet('Number of registered runners running a job.'),
  gha_min_runners: ofSet('Minimum number of runners.'),
  gha_max_runners: ofSet('Maximum number of runners.'),
  gha_desired_runners: ofSet('Number of runners desired by the scale set.'),
  gha_idle_runners: ofSet('Number of registered runners not running a job.'),
} as const satisfies Record<string, Described>;

export const COUNTERS = {
  gha_started_jobs_total: { help: 'Total number of jobs started.', labels: JOB_LABELS },
  gha_completed_jobs_total: { help: 'Total number of jobs completed.', labels: COMPLETED_LABELS },
} as const satisfies Record<string, Described>;

export const HISTOGRAMS = {
  gha_job_startup_duration_seconds: {
    help: 'Time spent waiting for workflow job to get started on the runner owned by the scale set (in seconds).',
    labels: JOB_LABELS,
  },
  gha_job_execution_duration_seconds: {
    help: 'Time spent executing workflow jobs by the scale set (in seconds).',
    labels: COMPLETED_LABELS,
  },
} as const satisfies Record<string, Described>;

export type GaugeName = keyof typeof GAUGES;
export type CounterName = keyof typeof COUNTERS;
export type HistogramName = keyof typeof HISTOGRAMS;
