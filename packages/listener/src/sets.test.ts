// Many sets in one process, and how they come and go.
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { mkdir, mkdtemp, rename, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as moment } from 'node:timers/promises';
import { formatListenerConfig } from '@muster/api';
import { ActionsError } from '@muster/actions';
import { KubeError } from '@muster/kube';
import { createSteppedClock, recordedLog, settle } from '@muster/kube/testing';
import { createHealth } from './health.ts';
import { createMetrics } from './metrics/index.ts';
import { createSets } from './sets.ts';
import { watchConfig } from './reload.ts';
import type { ListenedScaleSet, ListenerConfig } from '@muster/api';
import type { MessageSession } from '@muster/actions';
import type { RecordedLog, SteppedClock } from '@muster/kube/testing';
import type { Health } from './health.ts';
import type { Metrics } from './metrics/index.ts';
import type { Sets } from './sets.ts';
import { aScaleSet } from './testing/scale-set.ts';

const aSet = (setName: string, change: Partial<ListenedScaleSet> = {}): ListenedScaleSet =>
  aScaleSet({
    ...{ scaleSetId: setName.length, runnerSetName: setName, setName, settleSeconds: 3 },
    ...change,
  });

interface Parts {
  sets: Sets;
  clock: SteppedClock;
  log: RecordedLog;
  health: Health;
  /** `open 5`, `close 5`: sessions by scale set. */
  sessions: string[];
  /** Scale sets whose sessions cannot be had. */
  broken: Set<number>;
  released: number;
  metrics: Metrics;
  /** Who is recorded in which set; a set that is not in it is gone. */
  recorded: Map<string, string | undefined>;
  /** Ends the poll of a scale set with an error. */
  polls: Map<number, (error: Error) => void>;
  /** Sessions take until then to close. */
  mayClose: Promise<unknown>;
}

function parts(): Parts {
  const clock = createSteppedClock();
  const log = recordedLog();
  const elapsedMs = (): number => clock.elapsed();
  const health = createHealth(elapsedMs);
  const metrics = createMetrics({ log, elapsedMs });
  const sessions: string[] = [];
  const broken = new Set<number>();
  const made: Parts = {
    clock,
    log,
    health,
    sessions,
    broken,
    released: 0,
    metrics,
    recorded: new Map(),
    polls: new Map(),
    mayClose: Promise.resolve(),
    sets: createSets({
      kube: {
        patch: (_kind, { name }) => Promise.resolve(objectOf(name, made.recorded)),
        patchStatus: (_kind, { name }) => {
          // It was seen in another version.
          if (made.recorded.get(name) === 'another') {
            return Promise.reject(new KubeError('conflict', 'it has changed'));
          }
          if (made.recorded.has(name)) made.recorded.set(name, 'me');
          return Promise.resolve(objectOf(name, made.recorded));
        },
      },
      clock,
      log,
      metrics,
      health,
      instance: 'me',
      owner: 'pod',
      random: () => 0,
      reach: (set) => {
        if (set.configUrl === '') throw new ActionsError('invalid-config-url', 'the URL is none');
        return {
          actions: {
            createSession: (id) => {
              if (broken.has(id)) return Promise.reject(new ActionsError('unavailable', '503'));
              sessions.push(`open ${id}`);
              return Promise.resolve(aSession(id, made));
            },
            resumeSession: (id) => Promise.resolve(aSession(id, made)),
            deleteSession: () => Promise.resolve('absent'),
          },
          release: () => {
            made.released += 1;
            return Promise.resolve();
          },
        };
      },
    }),
  };
  return made;
}

function objectOf(name: string, recorded: Parts['recorded']): never {
  if (!recorded.has(name)) return undefined as never;
  const instance = recorded.get(name);
  const status = instance === undefined ? {} : { listener: { instance } };
  return { metadata: { name, resourceVersion: '1' }, spec: {}, status } as never;
}

const aSession = (
  scaleSetId: number,
  made: Pick<Parts, 'sessions' | 'mayClose' | 'polls'>,
): MessageSession => ({
  id: `session-${scaleSetId}`,
  scaleSetId,
  statistics: undefined,
  poll: (_request, options) =>
    new Promise((_resolve, reject) => {
      made.polls.set(scaleSetId, reject);
      options?.signal?.addEventListener('abort', () => {
        reject(new Error('aborted'));
      });
    }),
  acknowledge: () => Promise.resolve('acknowledged'),
  acquire: () => Promise.resolve([]),
  close: async () => {
    await made.mayClose;
    made.sessions.push(`close ${scaleSetId}`);
  },
});

/** Their goodbyes wait for a Kubernetes that has no such sets. */
async function ending(made: Parts, change: Promise<void>): Promise<void> {
  for (let turn = 0; turn < 200; turn += 1) {
    await settle(2);
    made.clock.advance(100);
  }
  await change;
}

describe('sets of one process', () => {
  test('come and go, and those that did not change go on', async () => {
    const made = parts();
    await made.sets.want([aSet('a'), aSet('bb')]);
    await settle();
    expect(made.sessions).toEqual(['open 1', 'open 2']);
    await ending(made, made.sets.want([aSet('bb'), aSet('ccc')]));
    await settle();
    expect(made.sessions).toEqual(['open 1', 'open 2', 'close 1', 'open 3']);
    expect(made.health.ready().body).not.toContain('runners/a:');
    const told = await made.metrics.text();
    expect(told).toContain('name="bb"');
    expect(told).not.toContain('name="a"');
    await ending(made, made.sets.stop());
    expect(made.sessions.slice(4).sort()).toEqual(['close 2', 'close 3']);
    expect(made.released).toBe(3);
  });

  test('listen anew when their settings changed, once the old loop has ended', async () => {
    const made = parts();
    const { promise, resolve } = Promise.withResolvers<undefined>();
    made.mayClose = promise;
    await made.sets.want([aSet('a')]);
    await settle();
    const wanted = made.sets.want([aSet('a', { maxRunners: 9 })]);
    await settle();
    expect(made.sessions).toEqual(['open 1']);
    resolve(undefined);
    await ending(made, wanted);
    await settle();
    expect(made.sessions).toEqual(['open 1', 'close 1', 'open 1']);
    await ending(made, made.sets.stop());
  });

  test('do not touch each other: one that cannot listen leaves the others as they are', async () => {
    const made = parts();
    made.broken.add(1);
    await made.sets.want([aSet('a'), aSet('bb'), aSet('ccc', { configUrl: '' })]);
    await settle();
    expect(made.sessions).toEqual(['open 2']);
    const { status, body } = made.health.ready();
    expect(status).toBe(503);
    expect(body).toContain('runners/a: service-failing: 503');
    expect(body).toContain('runners/ccc: misconfigured: the URL is none');
    expect(body).not.toContain('runners/bb: service-failing');
    made.clock.advance(400_000);
    // The one whose poll hangs is ill; the one that waits for another configuration is not.
    expect(made.health.healthy().body).toContain('runners/bb');
    expect(made.health.healthy().body).not.toContain('runners/ccc');
    made.broken.clear();
    for (let turn = 0; turn < 20; turn += 1) {
      made.clock.advance(100);
      await settle(2);
    }
    expect(made.sessions).toEqual(['open 2', 'open 1']);
    await ending(made, made.sets.stop());
  });
});

test('the process is of no more use once another listens for each of its sets', async () => {
  const made = parts();
  for (const name of ['a', 'bb']) made.recorded.set(name, undefined);
  await made.sets.want([aSet('a'), aSet('bb')]);
  await settle();
  expect([...made.recorded.values()]).toEqual(['me', 'me']);
  let isUseless = false;
  void made.sets.replaced.then(() => {
    isUseless = true;
  });
  const replace = async (name: string): Promise<void> => {
    made.recorded.set(name, 'another');
    made.polls.get(name.length)?.(new ActionsError('session-expired', 'gone'));
    await ending(made, Promise.resolve());
  };
  await replace('a');
  expect(isUseless).toBe(false);
  await replace('bb');
  expect(isUseless).toBe(true);
  expect(made.sessions).toEqual(['open 1', 'open 2']);
});

describe('the mounted file', () => {
  let folder: string;

  beforeEach(async () => {
    folder = await mkdtemp(join(tmpdir(), 'listener-'));
  });

  afterEach(() => rm(folder, { recursive: true }));

  const configOf = (...sets: ListenedScaleSet[]): string =>
    formatListenerConfig({
      scaleSets: sets,
      logLevel: 'info',
      logFormat: 'json',
      metricsEndpoint: '/metrics',
    } satisfies ListenerConfig);

  /** As a kubelet mounts it: a link to a folder that is swapped at once. */
  async function mount(version: number, content: string): Promise<string> {
    await mkdir(join(folder, `v${version}`));
    await writeFile(join(folder, `v${version}`, 'config.json'), content);
    await symlink(`v${version}`, join(folder, 'next'));
    await rename(join(folder, 'next'), join(folder, '..data'));
    return join(folder, '..data', 'config.json');
  }

  test('has changed too when it did so between its first reading and the watch', async () => {
    const stop = new AbortController();
    const clock = createSteppedClock();
    const path = await mount(1, configOf(aSet('bb')));
    const { promise: heard, resolve } = Promise.withResolvers<ListenerConfig>();
    const content = configOf(aSet('a'));
    const onChange = (config: ListenerConfig): Promise<void> => {
      resolve(config);
      return Promise.resolve();
    };
    const watching = watchConfig(
      { path, content, clock, log: recordedLog(), onChange },
      stop.signal,
    );
    clock.advance(2_000);
    expect((await heard).scaleSets.map(({ setName }) => setName)).toEqual(['bb']);
    stop.abort();
    await watching;
  });

  test('is read again when it changes; one that is broken or gone changes nothing', async () => {
    const clock = createSteppedClock();
    const log = recordedLog();
    const stop = new AbortController();
    const heard: string[][] = [];
    const content = configOf(aSet('a'));
    const path = await mount(1, content);
    const watching = watchConfig(
      {
        path,
        content,
        clock,
        log,
        onChange: (config) => {
          heard.push(config.scaleSets.map(({ setName }) => setName));
          return Promise.resolve();
        },
      },
      stop.signal,
    );
    /** File calls take time of their own. */
    const looks = async (most: number, isSo: () => boolean): Promise<void> => {
      for (let look = 0; look < most && !isSo(); look += 1) {
        clock.advance(2_000);
        await moment(1);
      }
    };
    const until = (isSo: () => boolean): Promise<void> => looks(10_000, isSo);
    const aWhile = (): Promise<void> => looks(50, () => false);
    await aWhile();
    expect(heard).toEqual([]);
    await mount(2, configOf(aSet('a'), aSet('bb')));
    await until(() => heard.length === 1);
    await mount(3, '{"github_token":"planted"');
    await until(() => log.lines.some(({ level }) => level === 'error'));
    await rm(join(folder, '..data'));
    await aWhile();
    await mount(4, configOf(aSet('ccc')));
    await until(() => heard.length === 2);
    expect(heard).toEqual([['a', 'bb'], ['ccc']]);
    expect(JSON.stringify(log.lines)).not.toContain('planted');
    stop.abort();
    await watching;
  });
});
