import { describe, expect, onTestFinished, test } from 'vitest';
import { createCache } from './cache.ts';
import { KubeError } from './errors.ts';
import { ConfigMapKind } from './kinds.ts';
import { createLoop } from './loop.ts';
import { createMetrics } from './metrics.ts';
import { aCluster, aConfigMap } from './testing/cluster.ts';
import { createSteppedClock, recordedLog, settle, silentLog, until } from './testing/index.ts';
import { isAtLeast } from './version.ts';
import type { ConfigMap } from './kinds.ts';
import type { Happening } from './events.ts';
import type { LoopOptions } from './loop.ts';
import type { Cache, KubeClient, PlannedAction, Reconciler } from './types.ts';

type Action = PlannedAction & { ms?: number };
interface Observed {
  key: string;
}

const act = (action: string): Action => ({ do: action, because: `${action} is due` });

function aLoop({
  plan = () => [],
  does = () => Promise.resolve(),
  ...more
}: Partial<Omit<Reconciler<Observed, Action>, 'act' | 'plan'>> & {
  plan?: (observed: Observed, run: number) => Action[];
  does?: (action: Action, kube: KubeClient) => Promise<void>;
} & Partial<LoopOptions<Observed, Action>> = {}) {
  const clock = createSteppedClock();
  const log = recordedLog();
  const runs: string[] = [];
  const done: string[] = [];
  const reconciler: Reconciler<Observed, Action> = {
    name: 'thing',
    observe: (key) => {
      runs.push(key);
      return { key };
    },
    plan: (observed) => plan(observed, runs.length),
    act: async (action, { key }, kube) => {
      await does(action, kube);
      done.push(`${action.do} ${key}`);
    },
    ...more,
  };
  const { client } = aCluster();
  const loop = createLoop({ client, caches: [], concurrency: 2, ...more, reconciler, clock, log });
  const end = new AbortController();
  const ended = loop.run(end.signal);
  const stop = async (): Promise<void> => {
    end.abort();
    await ended;
  };
  onTestFinished(stop);
  return { loop, clock, log, runs, done, stop, end, ended };
}

describe('a run', () => {
  test('does nothing more once it may not act, and goes on when it may again', async () => {
    let leads = true;
    const { loop, clock, done, log } = aLoop({
      plan: () => [act('hold'), act('create')],
      does: ({ do: action }) => {
        if (action === 'hold' && done.length === 0) leads = false;
        return Promise.resolve();
      },
      mayAct: () => leads,
    });
    loop.wake('n/a');
    await until(() => loop.idle);
    expect(done).toEqual(['hold n/a']);
    leads = true;
    clock.advance(10);
    await until(() => loop.idle);
    expect(done).toEqual(['hold n/a', 'hold n/a', 'create n/a']);
    expect(log.lines.filter(({ level }) => level === 'error')).toEqual([]);
  });

  test('carries out a plan in order and says why, once each', async () => {
    const { loop, done, log } = aLoop({ plan: () => [act('hold'), act('create')] });
    loop.wake('n/a');
    await until(() => loop.idle);
    expect(done).toEqual(['hold n/a', 'create n/a']);
    expect(log.lines).toEqual([
      {
        level: 'info',
        message: 'hold is due',
        fields: { controller: 'thing', key: 'n/a', do: 'hold' },
      },
      {
        level: 'info',
        message: 'create is due',
        fields: { controller: 'thing', key: 'n/a', do: 'create' },
      },
    ]);
  });

  test('does nothing for an object that is gone', async () => {
    const { loop, done, log } = aLoop({ observe: () => undefined, plan: () => [act('create')] });
    loop.wake('n/a');
    await until(() => loop.idle);
    expect([done, log.lines]).toEqual([[], []]);
  });

  test('a wait runs the key again after its time, and is told once', async () => {
    const wait = { do: 'wait', ms: 3_000, because: 'its pod is starting' };
    const { loop, clock, runs, log } = aLoop({ plan: () => [wait] });
    loop.wake('n/a');
    for (let second = 0; second < 7; second += 1) {
      await settle();
      clock.advance(1_000);
    }
    await settle();
    expect(runs).toHaveLength(3);
    expect(log.lines.map(({ level }) => level)).toEqual(['info', 'debug', 'debug']);
  });

  test.each([[[3_000, 9_000]], [[9_000, 3_000]]])(
    'of the waits %j the earliest counts',
    async (waits) => {
      const plan = (): Action[] =>
        waits.map((ms) => ({ do: 'wait', ms, because: `it has ${ms} ms` }));
      const { loop, clock, runs } = aLoop({ plan });
      loop.wake('n/a');
      await settle();
      clock.advance(2_999);
      await settle();
      expect(runs).toHaveLength(1);
      clock.advance(1);
      await settle();
      expect(runs).toHaveLength(2);
    },
  );

  test('an action marked as notable is an Event on the subject', async () => {
    const recorded: Happening[] = [];
    const subject = { ...aConfigMap('a') } as unknown as ConfigMap;
    const { loop } = aLoop({
      plan: () => [{ ...act('fail'), event: { type: 'Warning', reason: 'Failed' } }, act('tidy')],
      subject: () => subject,
      events: {
        record: (_subject, happening) => recorded.push(happening),
        flush: () => Promise.resolve(),
      },
    });
    loop.wake('n/a');
    await until(() => loop.idle);
    expect(recorded).toEqual([{ type: 'Warning', reason: 'Failed', message: 'fail is due' }]);
  });
});

describe('a failure', () => {
  const failing = (error: Error) => (action: Action) =>
    action.do === 'create' ? Promise.reject(error) : Promise.resolve();

  test('ends the run, is logged once with the key, and is tried again later', async () => {
    const error = new Error('no');
    const { loop, done, log, clock, runs } = aLoop({
      plan: (_observed, run) => (run === 1 ? [act('create'), act('after')] : []),
      does: failing(error),
    });
    loop.wake('n/a');
    await until(() => loop.idle);
    expect(done).toEqual([]);
    expect(log.lines.filter(({ level }) => level === 'error')).toEqual([
      {
        level: 'error',
        message: 'the run failed and is tried again',
        fields: { controller: 'thing', key: 'n/a', do: 'create', error },
      },
    ]);
    clock.advance(10);
    await until(() => runs.length === 2);
  });

  test('asks for what is to be done about it', async () => {
    const { loop, done, runs, clock } = aLoop({
      plan: (_observed, run) => (run === 1 ? [act('create'), act('after')] : []),
      does: failing(new Error('quota')),
      afterFailure: () => [act('record'), { do: 'wait', ms: 30_000, because: 'the quota is full' }],
    });
    loop.wake('n/a');
    await until(() => loop.idle);
    expect(done).toEqual(['record n/a']);
    clock.advance(29_999);
    await settle();
    expect(runs).toHaveLength(1);
    clock.advance(1);
    await until(() => runs.length === 2);
  });

  test.each(['conflict', 'already-exists'] as const)('%s is a quiet run again', async (code) => {
    const { loop, log, clock, runs } = aLoop({
      plan: (_observed, run) => (run === 1 ? [act('create')] : []),
      does: failing(new KubeError(code, 'stale')),
    });
    loop.wake('n/a');
    await until(() => loop.idle);
    clock.advance(10);
    await until(() => runs.length === 2);
    expect(log.lines.map(({ level }) => level)).toEqual(['info', 'debug']);
  });

  test('in observing or planning backs off like any other', async () => {
    const { loop, log, clock, runs } = aLoop({
      plan: (_observed, run) => {
        if (run === 1) throw new TypeError('a slip');
        return [];
      },
    });
    loop.wake('n/a');
    await until(() => loop.idle);
    expect(log.lines).toMatchObject([{ level: 'error', fields: { do: 'plan' } }]);
    clock.advance(10);
    await until(() => runs.length === 2);
  });

  test('that names a time is not tried before', async () => {
    const { loop, clock, runs } = aLoop({
      plan: () => [act('create')],
      does: failing(new KubeError('too-many-requests', 'later', { retryAfterMs: 5_000 })),
    });
    loop.wake('n/a');
    await until(() => loop.idle);
    clock.advance(4_999);
    await settle();
    expect(runs).toHaveLength(1);
    clock.advance(1);
    await until(() => runs.length === 2);
  });
});

describe('several keys', () => {
  test('run side by side up to the concurrency, one key never beside itself', async () => {
    const gates = new Map<string, PromiseWithResolvers<undefined>>();
    let most = 0;
    const { loop, runs } = aLoop({
      plan: ({ key }) => [act(key)],
      does: async (action) => {
        const gate = Promise.withResolvers<undefined>();
        expect(gates.has(action.do)).toBe(false);
        gates.set(action.do, gate);
        most = Math.max(most, gates.size);
        await gate.promise;
        gates.delete(action.do);
      },
    });
    for (const key of ['a', 'b', 'c', 'a']) loop.wake(key);
    await until(() => gates.size === 2);
    loop.wake('a');
    for (let round = 0; round < 6; round += 1) {
      for (const gate of gates.values()) gate.resolve(undefined);
      await settle();
    }
    expect(runs.toSorted()).toEqual(['a', 'a', 'b', 'c']);
    expect(most).toBe(2);
    expect(loop.idle).toBe(true);
  });

  test('those in flight finish their step when the loop stops; no other begins', async () => {
    const gate = Promise.withResolvers<undefined>();
    const { loop, done, end, ended } = aLoop({
      plan: () => [act('first'), act('second')],
      does: () => gate.promise.then(() => undefined),
    });
    loop.wake('n/a');
    await settle();
    end.abort();
    loop.wake('n/b');
    gate.resolve(undefined);
    await ended;
    expect(done).toEqual(['first n/a']);
  });

  test('are counted as controller-runtime counts them', async () => {
    const metrics = createMetrics();
    const { loop } = aLoop({ metrics });
    loop.wake('n/a');
    loop.wake('n/b');
    await until(() => loop.idle);
    const { body } = await metrics.expose();
    expect(body).toContain(
      'controller_runtime_reconcile_total{controller="thing",result="success"} 2',
    );
    expect(body).toContain('workqueue_adds_total{name="thing",controller="thing"} 2');
    expect(body).toContain('controller_runtime_active_workers{controller="thing"} 0');
  });
});

describe('a stale cache', () => {
  const at = { namespace: 'default', name: 'a' };

  /** A cache whose watch is held back until it is let go. */
  async function behind() {
    const { client } = aCluster();
    const gate = { open: Promise.withResolvers<undefined>() };
    const slow: KubeClient = {
      ...client,
      watch: async function* (kind, from) {
        for await (const event of client.watch(kind, from)) {
          await gate.open.promise;
          yield event;
        }
      },
    };
    const clock = createSteppedClock();
    const cache = createCache({ client: slow, kind: ConfigMapKind, clock, log: silentLog });
    const end = new AbortController();
    const ended = cache.run(end.signal);
    onTestFinished(async () => {
      gate.open.resolve(undefined);
      end.abort();
      await ended;
    });
    await cache.whenSynced();
    await settle();
    return {
      client,
      cache,
      catchUp: () => {
        gate.open.resolve(undefined);
      },
    };
  }

  const rows: {
    name: string;
    before: boolean;
    write: (kube: KubeClient) => Promise<unknown>;
    after: (cache: Cache<ConfigMap>) => boolean;
  }[] = [
    {
      name: 'a create',
      before: false,
      write: (kube) => kube.create(ConfigMapKind, aConfigMap('a')),
      after: (cache) => cache.get(at) !== undefined,
    },
    {
      name: 'a patch',
      before: true,
      write: (kube) => kube.patch(ConfigMapKind, at, { data: { x: '1' } }),
      after: (cache) => cache.get(at)?.data?.['x'] === '1',
    },
    {
      name: 'a delete',
      before: true,
      write: (kube) => kube.delete(ConfigMapKind, at),
      after: (cache) => cache.get(at) === undefined,
    },
    {
      name: 'a create that another was faster with',
      before: true,
      write: (kube) => kube.create(ConfigMapKind, aConfigMap('a')).catch(() => undefined),
      after: (cache) => cache.get(at) !== undefined,
    },
    {
      name: 'a create and a delete in one run',
      before: false,
      write: async (kube) => {
        await kube.create(ConfigMapKind, aConfigMap('a'));
        await kube.delete(ConfigMapKind, at);
      },
      after: (cache) => cache.get(at) === undefined,
    },
  ];

  test.each(rows)(
    'does not show $name yet: the key waits for it',
    async ({ before, write, after }) => {
      const { client, cache, catchUp } = await behind();
      if (before) await client.create(ConfigMapKind, aConfigMap('a'));
      const seen: boolean[] = [];
      const { loop } = aLoop({
        client,
        caches: [cache],
        plan: (_observed, run) => {
          if (run > 1) seen.push(after(cache));
          return run === 1 ? [act('write')] : [];
        },
        does: async (_action, kube) => {
          await write(kube);
        },
      });
      loop.wake('n/a');
      await settle();
      loop.wake('n/a');
      loop.wake('n/b');
      await settle();
      catchUp();
      await until(() => loop.idle);
      expect(seen.at(-1)).toBe(true);
      expect(seen).toHaveLength(2);
    },
  );

  /** One run that makes config maps, and the runs after it, while the cache shows nothing. */
  async function madeUnseen(names = ['a']) {
    const { client, cache, catchUp } = await behind();
    const asked: string[] = [];
    const watched: KubeClient = {
      ...client,
      get: (kind, place) => {
        asked.push(place.name);
        return client.get(kind, place);
      },
    };
    const parts = aLoop({
      client: watched,
      caches: [cache],
      plan: (_observed, run) => (run === 1 ? [act('create')] : []),
      does: async (_action, kube) => {
        for (const name of names) await kube.create(ConfigMapKind, aConfigMap(name));
      },
    });
    const { loop, clock } = parts;
    loop.wake('n/a');
    await settle();
    loop.wake('n/a');
    loop.wake('n/b');
    await settle();
    const pass = async (seconds: number): Promise<void> => {
      for (let passed = 0; passed < seconds; passed += 10) {
        clock.advance(10_000);
        await settle();
      }
    };
    return { ...parts, client, catchUp, pass, asked };
  }

  test('that does not show a write holds its key, and no other, for as long as it takes', async () => {
    const { loop, log, runs, catchUp, pass } = await madeUnseen();
    await pass(200);
    expect(runs).toEqual(['n/a', 'n/b']);
    expect(log.lines.filter(({ level }) => level === 'warn')).toMatchObject([
      { fields: { key: 'n/a', unseen: ['configmaps default/a'] } },
    ]);
    catchUp();
    await until(() => loop.idle);
    expect(runs).toEqual(['n/a', 'n/b', 'n/a']);
  });

  test('does not hold a key for a write that has gone since', async () => {
    const { loop, runs, client, pass } = await madeUnseen();
    await client.delete(ConfigMapKind, at);
    await pass(10);
    await until(() => loop.idle);
    expect(runs).toEqual(['n/a', 'n/b', 'n/a']);
  });

  test('has the server asked for no more than eight writes at a time', async () => {
    const names = Array.from({ length: 20 }, (_, index) => `map-${index}`);
    const { asked, pass } = await madeUnseen(names);
    await pass(10);
    expect(asked).toEqual(names.slice(0, 8));
    await pass(10);
    expect(asked.length).toBe(16);
  });

  test('that follows no more holds its key for five minutes', async () => {
    const { loop, runs, pass } = await madeUnseen();
    await pass(290);
    expect(runs).toEqual(['n/a', 'n/b']);
    await pass(10);
    await until(() => loop.idle);
    expect(runs).toEqual(['n/a', 'n/b', 'n/a']);
  });

  test('an object that came and went before the answer to its create is not waited for', async () => {
    const { client, cache, catchUp } = await behind();
    catchUp();
    let gone = false;
    cache.onChange(({ type }) => {
      gone ||= type === 'deleted';
    });
    const slow: KubeClient = {
      ...client,
      create: async (...call) => {
        const made = await client.create(...call);
        await client.delete(ConfigMapKind, at);
        await until(() => gone);
        return made;
      },
    };
    const { loop, runs } = aLoop({
      client: slow,
      caches: [cache],
      plan: () => [act('create')],
      does: async (_action, kube) => {
        await kube.create(ConfigMapKind, aConfigMap('a'));
      },
    });
    loop.wake('n/a');
    await until(() => runs.length === 1 && loop.idle);
  });

  test('an object that the cache does not select is not waited for', async () => {
    const { client } = aCluster();
    const cache = createCache({
      client,
      kind: ConfigMapKind,
      labelSelector: 'mine',
      clock: createSteppedClock(),
      log: silentLog,
    });
    const { loop, runs } = aLoop({
      client,
      caches: [cache],
      plan: (_observed, run) => (run === 1 ? [act('create')] : []),
      does: async (_action, kube) => {
        await kube.create(ConfigMapKind, aConfigMap('a'));
      },
    });
    loop.wake('n/a');
    await until(() => runs.length === 1 && loop.idle);
  });

  test.each([
    ['10', '9', true],
    ['9', '10', false],
    ['9007199254740993', '9007199254740992', true],
    ['abc', 'abc', true],
    ['abc', '1', false],
  ])('version %s is at least %s: %s', (version, wanted, yes) => {
    expect(isAtLeast(version, wanted)).toBe(yes);
  });
});
