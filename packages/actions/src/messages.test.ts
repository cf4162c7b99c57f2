import { describe, expect, test } from 'vitest';
import { recorded } from './testing/recorded.ts';
import { ORIGIN, aClient, aFarSide, json } from './testing/far-side.ts';
import type { Message } from './types.ts';

const session = recorded('create-session').body;

/** What a poll makes of such a message. */
async function read(message: unknown): Promise<Message | undefined> {
  const farSide = aFarSide(({ url }) =>
    json(200, url.pathname.endsWith('/sessions') ? session : message),
  );
  const opened = await aClient(farSide, { configUrl: `${ORIGIN}/my-org` }).client.createSession(
    7,
    'o',
  );
  return opened.poll({ lastMessageId: 0, maxCapacity: 1 });
}

const withJobs = (...jobs: unknown[]) => ({
  messageId: 5,
  messageType: 'RunnerScaleSetJobMessages',
  body: JSON.stringify(jobs),
});

describe('a message', () => {
  test('is read as recorded: one assigned job, and its statistics', async () => {
    const message = recorded('message-job-assigned').body as { statistics: unknown };
    expect(await read(message)).toEqual({
      id: 100000007,
      statistics: message.statistics,
      available: [],
      assigned: 1,
      started: [],
      completed: [],
      unknown: 0,
      malformed: [],
    });
  });

  test('tells when its assigned jobs were queued, or assigned where that is empty', async () => {
    const messageType = 'JobAssigned';
    const message = await read(
      withJobs(
        {
          messageType,
          queueTime: '2026-01-01T00:00:00Z',
          scaleSetAssignTime: '2026-01-01T00:00:09Z',
        },
        { messageType, queueTime: '', scaleSetAssignTime: '2026-01-01T00:00:01Z' },
        { messageType },
      ),
    );
    const at = Date.parse('2026-01-01T00:00:00Z');
    expect(message?.queuedAt).toEqual([at, at + 1000]);
  });

  test('O7: has its jobs sorted by type, unknown ones counted', async () => {
    const types = ['JobAvailable', 'JobAvailable', 'JobAssigned', 'JobAssigned', 'JobStarted'];
    const jobs = [...types, 'JobCompleted', 'JobPondered'].map((messageType, at) => ({
      messageType,
      runnerRequestId: at,
    }));
    const message = await read(withJobs(...jobs));
    expect(message).toMatchObject({ assigned: 2, unknown: 1, malformed: [] });
    expect(message?.available.map(({ runnerRequestId }) => runnerRequestId)).toEqual([0, 1]);
    expect(message?.started).toHaveLength(1);
    expect(message?.completed).toHaveLength(1);
  });

  test('keeps the facts of a started and of a completed job', async () => {
    const started = recorded('job-started').body;
    const completed = recorded('job-completed').body;
    const message = await read(withJobs(started, completed));
    expect(message).toMatchObject({ started: [started], completed: [completed] });
  });

  test('has no time where the service sent an empty, a zoneless or a zero one', async () => {
    const message = await read(
      withJobs({
        messageType: 'JobStarted',
        queueTime: '',
        scaleSetAssignTime: '2026-11-21T12:00:00',
        runnerAssignTime: '0001-01-01T00:00:00Z',
        finishTime: '2026-11-21T12:00:00.1234567+02:00',
      }),
    );
    const [job] = message?.started ?? [];
    expect(job).not.toHaveProperty('queueTime');
    expect(job).not.toHaveProperty('scaleSetAssignTime');
    expect(job).not.toHaveProperty('runnerAssignTime');
    expect(job?.finishTime).toBe('2026-11-21T12:00:00.1234567+02:00');
  });

  test('is read although one of its jobs cannot be, and says which and why', async () => {
    const message = await read({
      ...withJobs(),
      body: `[{"messageType":"JobAvailable","runnerRequestId":9007199254740993},{"messageType":"JobAssigned"},{"secret":1},7]`,
    });
    expect(message).toMatchObject({ available: [], assigned: 1, unknown: 0 });
    expect(message?.malformed).toEqual([
      'JobAvailable: runnerRequestId is missing or no whole number below 2^53',
      'a job message: messageType is missing or no text',
      'a job message: is missing or no object',
    ]);
  });

  test.each([
    { name: 'null', statistics: null },
    { name: 'absent', statistics: undefined },
  ])('has no statistics when they are $name', async ({ statistics }) => {
    expect(await read({ ...withJobs(), statistics })).not.toHaveProperty('statistics');
  });
});
