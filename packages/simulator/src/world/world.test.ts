import { describe, expect, test } from 'vitest';
import { aWorld } from '../testing/world.ts';
import { expire } from './expiry.ts';
import { acquireJobs, appendLog, cancelJob, reportJob, startJob } from './jobs.ts';
import type { ScaleSet } from './model.ts';
import { disconnectAgent, registerAgent, removeIdleAgent, tidings } from './runners.ts';
import { deleteScaleSet, statistics, updateScaleSet } from './scale-sets.ts';
import { endSession, openSession, poll } from './sessions.ts';

const heard = (set: ScaleSet, cursor = 0): string[] =>
  set.messages.next(cursor)?.jobs.map((job) => job.messageType) ?? [];

const results = (set: ScaleSet): string[] =>
  (set.messages.next(0)?.jobs ?? []).flatMap((job) => ('result' in job ? [job.result] : []));

describe('why a job waits', () => {
  const cases: { name: string; labels: string[]; sets: string[]; says: string }[] = [
    {
      name: 'nobody has its label',
      labels: ['ubuntu-latest'],
      sets: ['demo'],
      says: 'no scale set has the label ubuntu-latest',
    },
    {
      name: 'nobody has all its labels',
      labels: ['demo', 'gpu'],
      sets: ['demo'],
      says: 'no scale set has all of the labels demo and gpu',
    },
    {
      name: 'nobody listens',
      labels: ['demo'],
      sets: ['demo'],
      says: 'scale set demo has no listener',
    },
    {
      name: 'case does not matter',
      labels: ['DEMO'],
      sets: ['Demo'],
      says: 'scale set Demo has no listener',
    },
  ];
  test.each(cases)('$name', ({ labels, sets, says }) => {
    const { aSet, aJob } = aWorld();
    for (const name of sets) aSet(name);
    expect(aJob({ labels }).waiting).toBe(says);
  });

  test('the listener is full, then a place is free, then a runner is missing', () => {
    const { world, aSet, listen, aJob, aRunner } = aWorld();
    const set = aSet('demo');
    listen(set, 1);
    const [first, second] = [aJob(), aJob()];
    expect(second.waiting).toBe('scale set demo is full: it takes 1 job at most');
    const agent = aRunner(set, 'a');
    startJob(world, agent, first.id);
    expect(first.waiting).toBeUndefined();
    reportJob(world, agent, { result: 'succeeded' });
    expect(second.waiting).toBe('waits for a runner of demo');
  });

  test('a set that comes later takes what waits, and watchers hear the reason change', () => {
    const { aSet, aJob, listen, events } = aWorld();
    const job = aJob();
    const reasons: (string | undefined)[] = [];
    events.subscribe((event) => event.type === 'job' && reasons.push(event.job.waiting));
    listen(aSet('demo'), 5);
    expect(job.state).toBe('assigned');
    expect(reasons).toEqual([
      'scale set demo has no listener',
      'scale set demo has not asked for jobs yet',
      'waits for a runner of demo',
    ]);
  });

  test.each([
    { scope: 'my-org/my-repo', takes: true },
    { scope: 'My-Org', takes: true },
    { scope: 'my-org/other', takes: false },
    { scope: 'other-org', takes: false },
    { scope: 'enterprises/mine', takes: false },
  ])('a set of $scope takes a job of my-org/my-repo: $takes', ({ scope, takes }) => {
    const { aSet, aJob, listen } = aWorld();
    listen(aSet('demo', { scope }), 1);
    expect(aJob().state).toBe(takes ? 'assigned' : 'queued');
  });
});

describe('assign mode', () => {
  test('jobs beyond the capacity wait unseen, and each poll names a new capacity', () => {
    const { world, aSet, aJob, listen } = aWorld();
    const set = aSet('demo');
    const session = listen(set, 0);
    const jobs = [aJob(), aJob(), aJob()];
    expect(heard(set)).toEqual([]);
    poll(world, session, { lastMessageId: 0, capacity: 2 });
    expect(heard(set)).toEqual(['JobAssigned', 'JobAssigned']);
    expect(jobs.map((job) => job.state)).toEqual(['assigned', 'assigned', 'queued']);
    expect(statistics(set).totalAssignedJobs).toBe(2);
  });

  test('a runner takes the oldest job, is busy until it reports, and is gone after it', () => {
    const { world, aSet, aJob, listen, aRunner } = aWorld();
    const set = aSet('demo');
    listen(set, 5);
    const [first] = [aJob(), aJob()];
    const agent = aRunner(set, 'a');
    expect(tidings(agent)).toEqual({ job: first, is: 'offer' });
    expect(removeIdleAgent(world, agent)).toBe('busy');
    startJob(world, agent, first.id);
    expect(statistics(set)).toEqual({
      totalAvailableJobs: 0,
      totalAcquiredJobs: 0,
      totalAssignedJobs: 2,
      totalRunningJobs: 1,
      totalRegisteredRunners: 1,
      totalBusyRunners: 1,
      totalIdleRunners: 0,
    });
    reportJob(world, agent, { result: 'failed', outputs: { a: '1' } });
    expect([first.state, first.result, first.outputs]).toEqual(['completed', 'failed', { a: '1' }]);
    expect(statistics(set)).toMatchObject({ totalAssignedJobs: 1, totalRegisteredRunners: 0 });
    expect(heard(set)).toEqual(['JobAssigned', 'JobAssigned', 'JobStarted', 'JobCompleted']);
  });

  test('a registered runner is not idle before it is online', () => {
    const { world, aSet } = aWorld();
    const set = aSet('demo');
    registerAgent(world, set, { name: 'a', workFolder: '' });
    expect(registerAgent(world, set, { name: 'A', workFolder: '' })).toBe('exists');
    expect(statistics(set)).toMatchObject({ totalRegisteredRunners: 1, totalIdleRunners: 0 });
  });

  test('a job that its runner never started goes to the next one', () => {
    const { world, aSet, aJob, listen, aRunner } = aWorld();
    const set = aSet('demo');
    listen(set, 5);
    const job = aJob();
    disconnectAgent(world, aRunner(set, 'a'), 'it left');
    expect(job.waiting).toBe('waits for a runner of demo');
    expect(tidings(aRunner(set, 'b'))?.job).toBe(job);
  });
});

describe('acquire mode', () => {
  test('a job is offered, acquired, and assigned by the next poll', () => {
    const { world, aSet, aJob, listen } = aWorld('acquire');
    const set = aSet('demo');
    const session = listen(set, 5);
    const job = aJob();
    expect([job.state, statistics(set).totalAvailableJobs]).toEqual(['available', 1]);
    expect(acquireJobs(world, set, [job.requestId, 999])).toEqual([job.requestId]);
    expect([job.state, statistics(set).totalAcquiredJobs]).toEqual(['acquired', 1]);
    poll(world, session, { lastMessageId: 0, capacity: 5 });
    expect([job.state, statistics(set).totalAssignedJobs]).toEqual(['assigned', 1]);
    expect(heard(set)).toContain('JobAvailable');
  });

  test('of two sets that are offered a job, only one wins it', () => {
    const { world, aSet, aJob, listen } = aWorld('acquire');
    const [a, b] = [aSet('a', { labels: ['demo'] }), aSet('b', { labels: ['demo'] })];
    listen(a, 1);
    listen(b, 1);
    const job = aJob();
    expect(acquireJobs(world, b, [job.requestId])).toEqual([job.requestId]);
    expect(acquireJobs(world, a, [job.requestId])).toEqual([]);
    expect(statistics(a).totalAvailableJobs).toBe(0);
  });
});

describe('sessions', () => {
  test('one at a time, until 75 s of silence', () => {
    const { world, aSet, clock } = aWorld();
    const set = aSet('demo');
    openSession(world, set, 'me');
    clock.now += 74_000;
    expect(openSession(world, set, 'me')).toBe('taken');
    clock.now += 2_000;
    expect(openSession(world, set, 'you')).toMatchObject({ owner: 'you' });
  });

  test('an expired session advertises nothing, so nothing more is assigned', () => {
    const { world, aSet, aJob, listen, clock } = aWorld();
    const set = aSet('demo');
    listen(set, 9);
    clock.now += 80_000;
    expire(world);
    expect(aJob().waiting).toBe('scale set demo has no listener');
  });

  test('messages outlive their session', () => {
    const { world, aSet, aJob, listen } = aWorld();
    const set = aSet('demo');
    const session = listen(set, 5);
    aJob();
    endSession(world, session, 'closed');
    expect(heard(set)).toEqual(['JobAssigned']);
  });
});

describe('what ends badly', () => {
  test('a runner that is silent for a minute fails the job it runs', () => {
    const { world, aSet, aJob, listen, aRunner, clock } = aWorld();
    const set = aSet('demo');
    listen(set, 5);
    const job = aJob();
    const agent = aRunner(set, 'a');
    startJob(world, agent, job.id);
    clock.now += 61_000;
    expire(world);
    // Its poll still waits: that counts as being heard of.
    expect(job.state).toBe('running');
    agent.waiters.clear();
    expire(world);
    expect([job.result, job.failure]).toEqual(['failed', 'the runner lost communication']);
    expect([set.agents.size, set.running.size]).toEqual([0, 0]);
  });

  test('an assignment that no runner takes is canceled and made anew, three times', () => {
    const { world, aSet, aJob, listen, clock } = aWorld();
    const set = aSet('demo');
    const session = listen(set, 1);
    const job = aJob();
    for (const minutes of [15, 30, 60, 600]) {
      clock.now += minutes * 60_000;
      session.heardAt = clock.now;
      expire(world);
    }
    expect(results(set)).toEqual(['canceled', 'canceled', 'canceled']);
    expect(job.state).toBe('assigned');
  });

  test('a queued job is canceled at once, a running one by its runner', () => {
    const { world, aSet, aJob, listen, aRunner } = aWorld();
    const set = aSet('demo');
    listen(set, 1);
    const [running, queued] = [aJob(), aJob()];
    const agent = aRunner(set, 'a');
    startJob(world, agent, running.id);
    cancelJob(world, queued);
    cancelJob(world, running);
    expect([queued.result, running.state]).toEqual(['canceled', 'running']);
    expect(tidings(agent)).toEqual({ job: running, is: 'cancel' });
    expect(tidings(agent)).toBeUndefined();
  });

  test('a canceled job ends by itself when its runner does not answer', () => {
    const { world, aSet, aJob, listen, aRunner, clock } = aWorld();
    const set = aSet('demo');
    listen(set, 1);
    const job = aJob();
    startJob(world, aRunner(set, 'a'), job.id);
    cancelJob(world, job);
    clock.now += 5 * 60_000;
    expire(world);
    expect([job.result, set.agents.size]).toEqual(['canceled', 0]);
  });

  test('a set with a running job is not deleted; without one its jobs go back to the queue', () => {
    const { world, aSet, aJob, listen, aRunner } = aWorld();
    const set = aSet('demo');
    listen(set, 2);
    const [first, second] = [aJob(), aJob()];
    const agent = aRunner(set, 'a');
    startJob(world, agent, first.id);
    expect(deleteScaleSet(world, set)).toBe('busy');
    reportJob(world, agent, { result: 'succeeded' });
    expect(deleteScaleSet(world, set)).toBe('deleted');
    expect(second.waiting).toBe('no scale set has the label demo');
  });
});

test('a renamed set takes jobs by its new name', () => {
  const { world, aSet, aJob, listen } = aWorld();
  const set = aSet('old');
  listen(set, 1);
  const job = aJob({ labels: ['new'] });
  expect(updateScaleSet(world, set, { name: 'new' })).toBe('updated');
  poll(world, set.session ?? expect.fail('no session'), { lastMessageId: 0, capacity: 1 });
  expect(job.state).toBe('assigned');
});

test('log text becomes lines, however it is cut', () => {
  const job = aWorld().aJob();
  for (const text of ['on', 'e\ntwo\r\nth', 'ree']) appendLog(job, text);
  expect([job.log, job.partialLine]).toEqual([['one', 'two'], 'three']);
});

test('4,000 jobs through 50 sets of 40 runners all end', () => {
  const { world, aSet, aJob, listen, aRunner } = aWorld();
  const sets = Array.from({ length: 50 }, (_, i) => aSet(`set-${i}`));
  for (const set of sets) listen(set, 40);
  const jobs = Array.from({ length: 4_000 }, (_, i) => aJob({ labels: [`set-${i % 50}`] }));
  let runner = 0;
  for (let wave = 0; wave < 2; wave += 1) {
    for (const set of sets) {
      for (let i = 0; i < 40; i += 1) {
        const agent = aRunner(set, `r${(runner += 1)}`);
        startJob(world, agent, agent.job?.id ?? '');
        reportJob(world, agent, { result: 'succeeded' });
      }
    }
  }
  expect(jobs.every((job) => job.result === 'succeeded')).toBe(true);
});
