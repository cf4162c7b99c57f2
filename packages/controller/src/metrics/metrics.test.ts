// Names, labels and buckets: dashboards and alerts ask for exactly these (reference/controllers.md 7; ours: README.md).
import { LABELS } from '@muster/api';
import { aListener, aRunner, aRunnerSet, aSet } from '@muster/api/testing';
import { PodKind } from '@muster/kube';
import type { Change, KubeClient, KubeObject, Pod } from '@muster/kube';
import { createSteppedClock } from '@muster/kube/testing';
import { Registry } from 'prom-client';
import { beforeEach, describe, expect, test } from 'vitest';
import type { Caches } from '../deps.ts';
import { aPod } from '../testing-pods.ts';
import {
  countedClient,
  createControllerMetrics,
  registerArcMetrics,
  watchForMetrics,
} from './index.ts';
import type { ControllerMetrics } from './index.ts';
import { jobStage, stagesOf } from './stages.ts';

type Listen = (change: Change<KubeObject>) => void;

let held: Record<string, KubeObject[]>;
let listeners: Map<string, Listen>;
let caches: Caches;
let registry: Registry;
let metrics: ControllerMetrics;

beforeEach(() => {
  held = {};
  listeners = new Map();
  const cache = (name: string) => ({
    list: () => held[name] ?? [],
    find: () => held[name] ?? [],
    get: () => held[name]?.[0],
    onChange: (listen: Listen) => {
      listeners.set(name, listen);
      return () => listeners.delete(name);
    },
  });
  const names = ['sets', 'listeners', 'runners', 'runnerSets', 'pods'];
  caches = Object.fromEntries(names.map((name) => [name, cache(name)])) as unknown as Caches;
  registry = new Registry();
  registerArcMetrics(registry, caches);
  metrics = createControllerMetrics(registry, caches);
});

/** Without comments. */
async function lines(prefix: string): Promise<string[]> {
  const text = await registry.metrics();
  return text.split('\n').filter((line) => line.startsWith(prefix));
}

const bounds = (all: string[]): number[] =>
  all.flatMap((line) => /_bucket\{le="([^"+]+)"/.exec(line)?.[1] ?? []).map(Number);

const scaleSet = {
  labels: {
    [LABELS.scaleSetName]: 'linux',
    [LABELS.scaleSetNamespace]: 'runners',
    [LABELS.organization]: 'my-org',
  },
};

const listenerPod = (state: object): KubeObject =>
  ({ status: { containerStatuses: [{ name: 'listener', state }] } }) as unknown as KubeObject;

describe("ARC's", () => {
  const place = 'repository="",organization="my-org",enterprise=""';

  test('count the runners of each scale set by its name, and end with it', async () => {
    const status = {
      currentReplicas: 6,
      pendingEphemeralRunners: 1,
      runningEphemeralRunners: 2,
      failedEphemeralRunners: 3,
    };
    held['sets'] = [aSet({ metadata: { name: 'linux-x', ...scaleSet }, status })];
    const labels = `{name="linux",namespace="runners",${place}}`;
    expect(await lines('gha_controller_')).toEqual([
      `gha_controller_pending_ephemeral_runners${labels} 1`,
      `gha_controller_running_ephemeral_runners${labels} 2`,
      `gha_controller_failed_ephemeral_runners${labels} 3`,
    ]);
    held['sets'] = [];
    expect(await lines('gha_controller_')).toEqual([]);
  });

  test.each([
    { name: 'runs', state: { running: {} }, is: 1 },
    { name: 'waits', state: { waiting: {} }, is: 0 },
    { name: 'has ended', state: { terminated: { exitCode: 0 } }, is: 0 },
  ])('say of a listener by its own name that it $name', async ({ state, is }) => {
    held['listeners'] = [aListener({ metadata: { name: 'linux-1-listener', ...scaleSet } })];
    held['pods'] = [listenerPod(state)];
    expect(await lines('gha_controller_running_listeners')).toEqual([
      `gha_controller_running_listeners{name="linux-1-listener",namespace="muster-system",${place}} ${is}`,
    ]);
  });
});

describe('ours', () => {
  const at = 'name="linux",namespace="runners"';

  test('count runners by phase', async () => {
    const deletionTimestamp = '2026-01-01T00:00:00Z';
    held['runners'] = [
      aRunner('a', { metadata: scaleSet }),
      aRunner('b', { metadata: scaleSet }),
      aRunner('c', { metadata: scaleSet, status: { phase: '' } }),
      aRunner('d', { metadata: scaleSet, status: { phase: 'Failed' } }),
      aRunner('e', { metadata: { ...scaleSet, deletionTimestamp } }),
    ];
    expect(await lines('muster_controller_runners{')).toEqual([
      `muster_controller_runners{${at},phase="Running"} 2`,
      `muster_controller_runners{${at},phase="Pending"} 1`,
      `muster_controller_runners{${at},phase="Failed"} 1`,
      `muster_controller_runners{${at},phase="Deleting"} 1`,
    ]);
  });

  test('name the sets that get no runners', async () => {
    const blocked = { reason: 'OutdatedRunner', since: '2026-01-01T00:00:00Z' };
    held['sets'] = [aSet(), aSet({ metadata: scaleSet, status: { blocked } })];
    expect(await lines('muster_controller_blocked_sets{')).toEqual([
      `muster_controller_blocked_sets{${at},reason="OutdatedRunner"} 1`,
    ]);
  });

  test('count what is told', async () => {
    const set = aSet({ metadata: scaleSet });
    metrics.removed(set, 'unknown', 2);
    metrics.removed(set, 'surplus', 1);
    metrics.lostJob(aRunnerSet());
    metrics.rerunSettled(aRunnerSet(), 'Done');
    expect(await lines('muster_controller_')).toEqual(
      expect.arrayContaining([
        `muster_controller_runners_removed_total{${at},why="unknown"} 2`,
        `muster_controller_runners_removed_total{${at},why="surplus"} 1`,
        `muster_controller_lost_jobs_total{${at}} 1`,
        `muster_controller_lost_jobs_rerun_total{${at},state="Done"} 1`,
      ]),
    );
  });

  test('time the registration of a runner', async () => {
    metrics.jitTook(250, 'made');
    const told = await lines('muster_controller_jit_seconds');
    expect(told).toContain('muster_controller_jit_seconds_sum{outcome="made"} 0.25');
    expect(bounds(told)).toEqual([0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60]);
  });

  test('count writes by kind, and no dry runs', async () => {
    const done = (): Promise<undefined> => Promise.resolve(undefined);
    const bare = { create: done, patch: done, patchStatus: done, delete: done };
    const client = { ...bare, fenced: () => bare } as unknown as KubeClient;
    const counted = countedClient(client, metrics).fenced(() => true);
    const pod = { metadata: { name: 'a' } } as unknown as Pod;
    await counted.create(PodKind, pod);
    await counted.create(PodKind, pod, { dryRun: true });
    await counted.patch(PodKind, { name: 'a' }, {});
    await counted.patchStatus(PodKind, { name: 'a' }, {});
    await counted.delete(PodKind, { name: 'a' });
    expect(await lines('muster_controller_writes_total{')).toEqual(
      ['create', 'patch', 'patch-status', 'delete'].map(
        (verb) => `muster_controller_writes_total{kind="Pod",verb="${verb}"} 1`,
      ),
    );
  });
});

describe('what happens', () => {
  const pending = aRunner('a', { metadata: scaleSet, status: { phase: 'Pending' } });
  const running = aRunner('a', { metadata: scaleSet });
  const pod = aPod(running, {
    conditions: [
      { type: 'PodScheduled', status: 'True', lastTransitionTime: '2026-01-01T00:00:02Z' },
    ],
    containerStatuses: [
      { name: 'runner', state: { running: { startedAt: '2026-01-01T00:00:32Z' } } },
    ],
  });
  const happens = (name: string, object: KubeObject, before: KubeObject): void => {
    listeners.get(name)?.({ type: 'modified', object, before });
  };
  const waits = () => lines('muster_controller_job_wait_seconds_sum');

  beforeEach(() => {
    held['pods'] = [pod];
    const clock = createSteppedClock(Date.parse('2026-01-01T00:01:02Z'));
    watchForMetrics(caches, metrics, clock);
  });

  test('is timed when a runner starts, and when it gets its job, once each', async () => {
    const busy = aRunner('a', { metadata: scaleSet, status: { jobId: '7' } });
    happens('runners', running, pending);
    happens('runners', busy, running);
    happens('runners', busy, busy);
    const at = 'name="linux",namespace="runners"';
    expect(await waits()).toEqual([
      `muster_controller_job_wait_seconds_sum{${at},stage="register"} 0`,
      `muster_controller_job_wait_seconds_sum{${at},stage="schedule"} 2`,
      `muster_controller_job_wait_seconds_sum{${at},stage="start"} 30`,
      `muster_controller_job_wait_seconds_sum{${at},stage="job"} 30`,
    ]);
    const told = await lines('muster_controller_job_wait_seconds_bucket');
    expect(bounds(told.filter((line) => line.includes('stage="job"')))).toEqual([
      1, 2, 5, 10, 20, 30, 60, 120, 300, 600, 1800,
    ]);
  });

  test('is counted when a job is lost, once', async () => {
    const lostJobs = { a: { cause: 'Evicted', at: '2026-01-01T00:00:00Z' } };
    const after = aRunnerSet({ status: { lostJobs } });
    happens('runnerSets', after, aRunnerSet());
    happens('runnerSets', after, after);
    expect(await lines('muster_controller_lost_jobs_total')).toEqual([
      'muster_controller_lost_jobs_total{name="linux",namespace="runners"} 1',
    ]);
  });

  test('is not made up where a pod does not tell', () => {
    expect(stagesOf(running, aPod(running, undefined))).toEqual([['register', 0]]);
    expect(jobStage(undefined, 0)).toEqual([]);
  });
});
