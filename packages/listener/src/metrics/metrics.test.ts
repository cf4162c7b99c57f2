import { describe, expect, test } from 'vitest';
import { recordedLog } from '@muster/kube/testing';
import { createMetrics } from './index.ts';
import type { JobCompleted, JobStarted } from '@muster/actions/wire';
import type { ListenedScaleSet, MetricsConfig } from '@muster/api';
import type { RecordedLog } from '@muster/kube/testing';
import type { Metrics } from './index.ts';

const SET: ListenedScaleSet = {
  configUrl: 'https://github.com/my-org/my-repo',
  credentials: { kind: 'token', token: 'planted' },
  scaleSetId: 1,
  runnerSetName: 'linux',
  setNamespace: 'runners',
  setName: 'linux',
  minRunners: 1,
  maxRunners: 5,
};

const JOB: JobStarted = {
  messageType: 'JobStarted',
  runnerRequestId: 0,
  repositoryName: 'web',
  ownerName: 'acme',
  jobId: 'j',
  jobWorkflowRef: 'acme/web/.github/workflows/ci.yml@refs/heads/main',
  jobDisplayName: 'build',
  workflowRunId: 1,
  eventName: 'push',
  requestLabels: [],
  scaleSetAssignTime: '2026-01-01T00:00:00.9Z',
  runnerAssignTime: '2026-01-01T00:00:03.1Z',
  runnerId: 1,
  runnerName: 'r',
};

const DONE: JobCompleted = {
  ...JOB,
  messageType: 'JobCompleted',
  result: 'success',
  finishTime: '2026-01-01T00:01:03Z',
};

interface Made {
  metrics: Metrics;
  log: RecordedLog;
  pass: (ms: number) => void;
  lines: (start: string) => Promise<string[]>;
}

function made(): Made {
  let elapsed = 0;
  const log = recordedLog();
  const metrics = createMetrics({ log, elapsedMs: () => elapsed });
  return {
    metrics,
    log,
    pass: (ms) => {
      elapsed += ms;
    },
    lines: async (start) =>
      (await metrics.text()).split('\n').filter((line) => line.startsWith(start)),
  };
}

const statistics = {
  totalAvailableJobs: 9,
  totalAcquiredJobs: 9,
  totalAssignedJobs: 4,
  totalRunningJobs: 3,
  totalRegisteredRunners: 5,
  totalBusyRunners: 2,
  totalIdleRunners: 1,
};

const OF_SET =
  '{enterprise="",organization="my-org",repository="my-repo",name="linux",namespace="runners"}';
const OF_JOB =
  '{enterprise="",organization="acme",repository="web",job_name="build",event_name="push"';

describe("ARC's metrics, by default (reference/protocol.md 9.1 to 9.3)", () => {
  test('gauges of the set', async () => {
    const { metrics, lines } = made();
    metrics.listening(SET);
    metrics.statistics(SET, statistics);
    metrics.wished(SET, 5);
    expect((await lines('gha_')).filter((line) => line.includes(OF_SET)).sort()).toEqual(
      [
        `gha_assigned_jobs${OF_SET} 4`,
        `gha_busy_runners${OF_SET} 2`,
        `gha_desired_runners${OF_SET} 5`,
        `gha_idle_runners${OF_SET} 1`,
        `gha_max_runners${OF_SET} 5`,
        `gha_min_runners${OF_SET} 1`,
        `gha_registered_runners${OF_SET} 5`,
        `gha_running_jobs${OF_SET} 3`,
      ].sort(),
    );
  });

  test('job metrics name the job, in whole seconds', async () => {
    const { metrics, lines } = made();
    metrics.started(SET, JOB);
    metrics.completed(SET, DONE);
    expect(await lines('gha_started_jobs_total')).toEqual([`gha_started_jobs_total${OF_JOB}} 1`]);
    expect(await lines('gha_completed_jobs_total')).toEqual([
      `gha_completed_jobs_total${OF_JOB},job_result="success"} 1`,
    ]);
    expect(await lines('gha_job_startup_duration_seconds_sum')).toEqual([
      `gha_job_startup_duration_seconds_sum${OF_JOB}} 3`,
    ]);
    expect(await lines('gha_job_execution_duration_seconds_sum')).toEqual([
      `gha_job_execution_duration_seconds_sum${OF_JOB},job_result="success"} 60`,
    ]);
    // 45 bounds and +Inf.
    expect(await lines('gha_job_startup_duration_seconds_bucket')).toHaveLength(46);
  });

  test('a job that was cancelled before it got a runner counts nowhere', async () => {
    const { metrics, lines } = made();
    metrics.completed(SET, { ...DONE, runnerAssignTime: '0001-01-01T00:00:00Z' });
    expect(await lines('gha_completed')).toEqual([]);
  });

  test('the handler has its own, and there are none of the process', async () => {
    const { lines } = made();
    expect(await lines('promhttp_metric_handler_errors_total')).toEqual([
      'promhttp_metric_handler_errors_total{cause="encoding"} 0',
      'promhttp_metric_handler_errors_total{cause="gathering"} 0',
    ]);
    expect([...(await lines('process_')), ...(await lines('nodejs_'))]).toEqual([]);
  });
});

describe('L7: a configuration replaces the defaults', () => {
  const told = async (
    metrics: MetricsConfig,
    set: ListenedScaleSet = SET,
  ): Promise<Made & { text: string }> => {
    const parts = made();
    const configured = { ...set, metrics };
    parts.metrics.listening(configured);
    parts.metrics.statistics(configured, statistics);
    parts.metrics.started(configured, JOB);
    parts.metrics.completed(configured, DONE);
    return { ...parts, text: await parts.metrics.text() };
  };

  test('L7: only what it lists exists', async () => {
    const { lines } = await told({ gauges: { gha_assigned_jobs: { labels: ['name'] } } });
    const found = await lines('gha_');
    expect(found).toEqual(['gha_assigned_jobs{name="linux"} 4']);
  });

  test('L7: an empty one leaves nothing', async () => {
    const { lines } = await told({});
    expect(await lines('gha_')).toEqual([]);
  });

  test('L7: labels of the workflow may be asked for; one that does not apply is empty', async () => {
    const labels = ['job_workflow_name', 'job_workflow_target', 'job_workflow_ref', 'name', 'odd'];
    const { lines } = await told({ counters: { gha_started_jobs_total: { labels } } });
    expect(await lines('gha_')).toEqual([
      'gha_started_jobs_total{job_workflow_name="ci",job_workflow_target="heads/main",' +
        `job_workflow_ref="${JOB.jobWorkflowRef}",name="",odd=""} 1`,
    ]);
  });

  test.each([
    { name: 'own buckets', buckets: [5, 1, 5], count: 3 },
    { name: 'no buckets', buckets: [], count: 46 },
  ])('L7: $name', async ({ buckets, count }) => {
    const histograms = { gha_job_startup_duration_seconds: { labels: ['name'], buckets } };
    const { lines } = await told({ histograms });
    expect(await lines('gha_job_startup_duration_seconds_bucket')).toHaveLength(count);
  });

  test('L7: a name that is unknown or in the wrong section is told and left out', async () => {
    const { log, lines } = await told({
      gauges: { gha_started_jobs_total: { labels: [] }, gha_running_jobs: { labels: [] } },
      counters: { nonsense: { labels: [] } },
    });
    expect(await lines('gha_')).toEqual(['gha_running_jobs 3']);
    expect(log.lines).toMatchObject([
      {
        level: 'error',
        fields: {
          problems: [
            'gauges.gha_started_jobs_total: there is no such metric',
            'counters.nonsense: there is no such metric',
          ],
        },
      },
    ]);
  });

  test('a label that Prometheus would refuse is told and left out', async () => {
    const labels = ['name', 'name', 'job-name', '__own'];
    const { log, lines } = await told({ gauges: { gha_running_jobs: { labels } } });
    expect(await lines('gha_')).toEqual(['gha_running_jobs{name="linux"} 3']);
    expect(log.lines).toHaveLength(1);
  });
});

describe('many sets', () => {
  test('each have their own configuration, and a metric is described once', async () => {
    const { metrics, lines } = made();
    const gpu = {
      ...SET,
      setName: 'gpu',
      metrics: { gauges: { gha_max_runners: { labels: ['name'] } } },
    };
    metrics.listening(SET);
    metrics.listening(gpu);
    expect(await lines('# HELP gha_max_runners')).toHaveLength(1);
    expect(await lines('gha_max_runners')).toEqual([
      `gha_max_runners${OF_SET} 5`,
      'gha_max_runners{name="gpu"} 5',
    ]);
    expect(await lines('gha_min_runners')).toHaveLength(1);
  });

  test('one that is forgotten leaves no series behind', async () => {
    const { metrics, lines } = made();
    metrics.listening(SET);
    metrics.stands(SET, 'listening');
    metrics.polled(SET);
    metrics.capacity(SET, 1);
    metrics.observed(SET, 1);
    metrics.phantoms(SET, 1);
    metrics.answered(SET, 1);
    metrics.forget(SET);
    const series = [...(await lines('gha_')), ...(await lines('muster_'))];
    expect(series.filter((line) => line.includes('linux'))).toEqual([]);
  });
});

describe('ours', () => {
  const AT = 'name="linux",namespace="runners"';

  test('the state is 1 for one and 0 for all others', async () => {
    const { metrics, lines } = made();
    metrics.stands(SET, 'listening');
    metrics.stands(SET, 'session-taken');
    const states = await lines('muster_listener_state');
    expect(states.filter((line) => line.endsWith(' 1'))).toEqual([
      `muster_listener_state{${AT},state="session-taken"} 1`,
    ]);
    expect(states.filter((line) => line.endsWith(' 0')).length).toBeGreaterThan(10);
  });

  test('the age of the last poll is as of the scrape', async () => {
    const { metrics, lines, pass } = made();
    metrics.polled(SET);
    pass(2_500);
    expect(await lines('muster_listener_poll_age')).toEqual([
      `muster_listener_poll_age_seconds{${AT}} 2.5`,
    ]);
  });

  test('a wish, what there is, what is advertised, and the lag between queue and wish', async () => {
    const { metrics, lines } = made();
    metrics.observed(SET, 3);
    metrics.capacity(SET, 4);
    metrics.answered(SET, 0.02);
    expect(await lines('muster_listener_observed_runners')).toEqual([
      `muster_listener_observed_runners{${AT}} 3`,
    ]);
    expect(await lines('muster_listener_advertised_capacity')).toEqual([
      `muster_listener_advertised_capacity{${AT}} 4`,
    ]);
    expect(await lines('muster_listener_job_queued_to_wish_seconds_sum')).toEqual([
      `muster_listener_job_queued_to_wish_seconds_sum{${AT}} 0.02`,
    ]);
  });

  test('phantom jobs are counted once a finding', async () => {
    const { metrics, lines } = made();
    for (const jobs of [0, 2, 3, 0, 1]) metrics.phantoms(SET, jobs);
    expect(await lines('muster_listener_phantom_jobs')).toEqual([
      `muster_listener_phantom_jobs{${AT}} 1`,
      `muster_listener_phantom_jobs_found_total{${AT}} 2`,
    ]);
  });
});
