// Runs and jobs by the REST API, as GitHub's documentation has them.
import { describe, expect, test } from 'vitest';
import type { PersonalToken } from './credentials.ts';
import type { JobWish } from './job.ts';
import { createSimulator } from './simulator.ts';
import type { Simulator } from './simulator.ts';
import { aScaleSet, aSession, connect, ORIGIN, sender } from './testing/client.ts';
import type { BareClient, SendOptions, Sent } from './testing/client.ts';

const RUN = `${ORIGIN}/api/v3/repos/my-org/my-repo/actions/runs/7`;
const JOBS = `${ORIGIN}/api/v3/repos/my-org/my-repo/actions/jobs`;

interface Place {
  simulator: Simulator;
  client: BareClient;
  scaleSet: number;
  ask: (method: string, url: string, options?: SendOptions) => Promise<Sent>;
}

async function aPlace(): Promise<Place> {
  const simulator = createSimulator({ holdMs: 0 });
  const client = await connect(simulator);
  const { id } = await aScaleSet(client);
  const session = await aSession(client, id);
  await client.send('GET', session.messageQueueUrl, {
    token: session.messageQueueAccessToken,
    headers: {
      accept: 'application/json; api-version=6.0-preview',
      'x-scalesetmaxcapacity': '10',
      'content-type': undefined,
    },
  });
  const ask: Place['ask'] = (method, url, options) =>
    sender(simulator)(method, url, { token: 'pat', ...options });
  return { simulator, client, scaleSet: id, ask };
}

const queue = ({ simulator }: Place, wish: Partial<JobWish> = {}) =>
  simulator.queueJob({ labels: ['demo'], runId: 7, ...wish });

/** Takes the next job and ends it so. */
async function work(
  { simulator, client, scaleSet }: Place,
  name: string,
  result: 'succeeded' | 'failed',
): Promise<void> {
  const path = `_apis/runtime/runnerscalesets/${scaleSet}/generatejitconfig`;
  const { body } = await client.api('POST', path, { name });
  const runner = simulator.runners.connect((body as { encodedJITConfig: string }).encodedJITConfig);
  runner.start();
  runner.complete({ result });
}

const runOf = async ({ ask }: Place) => (await ask('GET', RUN)).body as Record<string, unknown>;

async function jobsOf({ ask }: Place, query = ''): Promise<Record<string, unknown>[]> {
  const { body } = await ask('GET', `${RUN}/jobs${query}`);
  return (body as { jobs: Record<string, unknown>[] }).jobs;
}

describe('a run', () => {
  test('is what its jobs come to', async () => {
    const place = await aPlace();
    queue(place, { labels: ['nowhere'] });
    expect(await runOf(place)).toMatchObject({ id: 7, status: 'queued', conclusion: null });
    const [waiting] = place.simulator.state().jobs;
    queue(place);
    expect(await runOf(place)).toMatchObject({ status: 'in_progress', run_attempt: 1 });
    await work(place, 'r', 'succeeded');
    place.simulator.jobs.cancel(waiting?.id ?? '');
    expect(await runOf(place)).toMatchObject({ status: 'completed', conclusion: 'cancelled' });
  });

  test('belongs to its repository, whose name may be spelled in any case', async () => {
    const place = await aPlace();
    queue(place);
    expect((await place.ask('GET', RUN.replace('my-repo', 'MY-Repo'))).status).toBe(200);
    expect((await place.ask('GET', RUN.replace('my-repo', 'other'))).status).toBe(404);
    expect((await place.ask('GET', RUN.replace('/7', '/8'))).status).toBe(404);
    expect(place.simulator.violations()).toEqual([]);
  });

  test('is asked for without a body, and by a version that GitHub has', async () => {
    const place = await aPlace();
    queue(place);
    const bare = { 'content-type': undefined };
    expect((await place.ask('GET', RUN, { headers: bare })).status).toBe(200);
    expect(place.simulator.violations()).toEqual([]);
    const headers = { 'x-github-api-version': '2001-01-01' };
    expect((await place.ask('GET', RUN, { headers })).status).toBe(400);
  });
});

describe('a job that is run again', () => {
  test('is another one of a new attempt', async () => {
    const place = await aPlace();
    queue(place, { displayName: 'build' });
    await work(place, 'first', 'failed');
    const [failed] = await jobsOf(place);
    expect(failed).toMatchObject({ conclusion: 'failure', run_attempt: 1, runner_name: 'first' });
    const again = await place.ask('POST', `${JOBS}/${String(failed?.['id'])}/rerun`);
    expect([again.status, again.body]).toEqual([201, {}]);
    expect(await runOf(place)).toMatchObject({ status: 'in_progress', run_attempt: 2 });
    await work(place, 'second', 'succeeded');
    expect(await runOf(place)).toMatchObject({ status: 'completed', conclusion: 'success' });
    expect(await jobsOf(place)).toMatchObject([{ name: 'build', runner_name: 'second' }]);
    expect(await jobsOf(place, '?filter=all')).toMatchObject([
      { run_attempt: 1, conclusion: 'failure', runner_name: 'first' },
      { run_attempt: 2, conclusion: 'success', runner_name: 'second' },
    ]);
    expect(await jobsOf(place, '?filter=all&per_page=1&page=2')).toMatchObject([
      { run_attempt: 2 },
    ]);
    expect(place.simulator.violations()).toEqual([]);
  });

  test('is refused while its run is not over', async () => {
    const place = await aPlace();
    queue(place);
    queue(place);
    await work(place, 'r', 'failed');
    const [failed] = await jobsOf(place);
    const again = await place.ask('POST', `${JOBS}/${String(failed?.['id'])}/rerun`);
    expect(again).toMatchObject({
      status: 403,
      body: { message: 'This workflow is already running' },
    });
    expect(place.simulator.state().jobs).toHaveLength(2);
  });

  test('must be there', async () => {
    const place = await aPlace();
    expect((await place.ask('POST', `${JOBS}/99/rerun`)).status).toBe(404);
  });
});

type Rights = Pick<PersonalToken, 'actions' | 'scopes'>;

describe('with registered credentials', () => {
  test.each<{ name: string; token: Rights; read: number; write: number }>([
    { name: 'no right', token: {}, read: 403, write: 403 },
    { name: 'the right to read', token: { actions: 'read' }, read: 200, write: 403 },
    { name: 'the right to write', token: { actions: 'write' }, read: 200, write: 201 },
    {
      name: 'the right in the organization',
      token: { actions: 'write', scopes: ['my-org'] },
      read: 200,
      write: 201,
    },
    {
      name: 'the right elsewhere',
      token: { actions: 'write', scopes: ['other'] },
      read: 403,
      write: 403,
    },
  ])('and $name', async ({ token, read, write }) => {
    const place = await aPlace();
    queue(place);
    await work(place, 'r', 'failed');
    const [failed] = await jobsOf(place);
    place.simulator.registerToken({ token: 'pat', ...token });
    expect((await place.ask('GET', RUN)).status).toBe(read);
    const again = await place.ask('POST', `${JOBS}/${String(failed?.['id'])}/rerun`);
    expect(again.status).toBe(write);
    if (write === 403) {
      expect(again.body).toMatchObject({
        message: 'Resource not accessible by personal access token',
      });
    }
  });
});
