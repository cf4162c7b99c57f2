// What of a message is over when it is refused, and what is kept and tried again.
import { expect, test } from 'vitest';
import { ActionsError } from '@muster/actions';
import { KubeError } from '@muster/kube';
import { createSteppedClock, recordedLog, settle } from '@muster/kube/testing';
import { Board } from './board.ts';
import { createBell } from './lane.ts';
import { Ledger } from './ledger.ts';
import { createMetrics } from './metrics/index.ts';
import { publish } from './publish.ts';
import { aScaleSet } from './testing/scale-set.ts';
import type { MessageSession } from '@muster/actions';
import type { JobStarted } from '@muster/actions/wire';
import type { Deps } from './deps.ts';

const SET = aScaleSet({ settleSeconds: 3 });

const STARTED: JobStarted = {
  messageType: 'JobStarted',
  runnerRequestId: 1,
  repositoryName: 'my-repo',
  ownerName: 'my-org',
  jobWorkflowRef: '',
  jobDisplayName: 'build',
  workflowRunId: 1,
  eventName: 'push',
  requestLabels: [],
  runnerId: 1,
  runnerName: 'linux-runner-a',
};

const OBJECT = { metadata: { name: 'linux', resourceVersion: '1' }, spec: {} };

interface Refusals {
  record?: Error;
  acquire?: Error;
  acknowledge?: Error;
}

const answered = <T>(error: Error | undefined, answer: T): Promise<T> =>
  error ? Promise.reject(error) : Promise.resolve(answer);

interface Wish {
  started: readonly JobStarted[];
  /** How a job is recorded. */
  record: () => Promise<unknown>;
  refusals: Refusals;
}

/** Whether a message with a wish, started jobs and an offer is over a moment later. */
async function isOver({ started, record, refusals }: Wish): Promise<boolean> {
  const { acquire, acknowledge } = refusals;
  const clock = createSteppedClock();
  const log = recordedLog();
  const bell = createBell();
  const ledger = new Ledger();
  const kube: Deps['kube'] = {
    patch: () => Promise.resolve(OBJECT as never),
    patchStatus: () => record() as Promise<never>,
  };
  const parts = {
    ...{ kube, clock, log, bell, ledger, set: SET, instance: 'me', random: () => 0 },
    metrics: createMetrics({ log, elapsedMs: () => clock.elapsed() }),
    board: new Board(SET, { kube, clock, log, instance: 'me', bell, onReplaced: () => undefined }),
    session: () =>
      ({
        acquire: () => answered(acquire, []),
        acknowledge: () => answered(acknowledge, 'acknowledged'),
      }) as unknown as MessageSession,
    onWrite: () => undefined,
  };
  ledger.wish({ replicas: 1, patchID: 1 });
  ledger.take({ messageId: 7, started, offers: [3] });
  const stop = new AbortController();
  const publishing = publish(parts, stop.signal);
  await settle();
  const { isEmpty } = ledger;
  stop.abort();
  for (let turn = 0; turn < 10; turn += 1) {
    clock.advance(10_000);
    await settle(5);
  }
  await publishing;
  return isEmpty;
}

test.each<{ name: string; refusals: Refusals; over: boolean }>([
  { name: 'is over once all is written', refusals: {}, over: true },
  {
    name: 'is not held up by a runner whose name no object can have',
    refusals: { record: new KubeError('invalid', 'a name') },
    over: true,
  },
  {
    name: 'is not held up by an API server that cannot make sense of that name',
    refusals: { record: new KubeError('bad-request', 'a name') },
    over: true,
  },
  {
    name: 'is kept while jobs may not be recorded',
    refusals: { record: new KubeError('forbidden', 'no right') },
    over: false,
  },
  {
    name: 'is not held up by an offer that was taken back',
    refusals: { acquire: new ActionsError('refused', '409') },
    over: true,
  },
  {
    name: 'is kept while nobody hears that it wants the jobs',
    refusals: { acquire: new ActionsError('unavailable', '503') },
    over: false,
  },
  {
    name: 'is over when the service knows it no more',
    refusals: { acknowledge: new ActionsError('not-found', '404') },
    over: true,
  },
  {
    name: 'is kept until its receipt arrived',
    refusals: { acknowledge: new ActionsError('unreachable', 'no route') },
    over: false,
  },
])('a message $name', async ({ refusals, over }) => {
  const record = (): Promise<unknown> => answered(refusals.record, OBJECT);
  expect(await isOver({ started: [STARTED], record, refusals })).toBe(over);
});

test('of many started jobs sixteen are recorded at a time', async () => {
  const started = Array.from({ length: 40 }, (_, number) => ({
    ...STARTED,
    runnerName: `linux-runner-${number}`,
  }));
  let underWay = 0;
  let most = 0;
  const record = async (): Promise<unknown> => {
    underWay += 1;
    most = Math.max(most, underWay);
    await settle(3);
    underWay -= 1;
    return OBJECT;
  };
  expect(await isOver({ started, record, refusals: {} })).toBe(true);
  expect(most).toBe(16);
});
