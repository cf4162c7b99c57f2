// What GitHub's REST documentation says of runs and jobs, as far as a second chance for a lost job needs it.
import { generateKeyPairSync } from 'node:crypto';
import { describe, expect, test } from 'vitest';
import {
  aClient,
  aFarSide,
  json,
  NOW,
  ORIGIN,
  text,
  thrownBy,
  tokens,
} from './testing/far-side.ts';
import type { Asked, FarSide, Reply, Rig } from './testing/far-side.ts';

const PLACE = { repository: 'my-org/app', runId: 42 };
const never: Reply = () => text(500, 'the Actions service is not asked');

const aRest = (reply: Reply): FarSide => aFarSide(never, reply);

const told = ({ method, url }: Asked): string => `${method} ${url.pathname}${url.search}`;

const MINUTE_MS = 60_000;

const app = {
  kind: 'app',
  appId: 'Iv1.abc',
  installationId: 7,
  privateKey: generateKeyPairSync('rsa', { modulusLength: 2048 })
    .privateKey.export({ type: 'pkcs8', format: 'pem' })
    .toString(),
} as const;

describe('a run', () => {
  test.each([
    { status: 'completed', is: { isCompleted: true, attempt: 2 } },
    { status: 'in_progress', is: { isCompleted: false, attempt: 2 } },
    { status: 'queued', is: { isCompleted: false, attempt: 2 } },
  ])('that is $status', async ({ status, is }) => {
    const farSide = aRest(() => json(200, { id: 42, status, conclusion: null, run_attempt: 2 }));
    expect(await aClient(farSide).client.getWorkflowRun(PLACE)).toEqual(is);
    const [asked] = farSide.chain;
    expect(asked && told(asked)).toBe('GET /api/v3/repos/my-org/app/actions/runs/42');
    expect(asked?.headers.get('authorization')).toBe('Bearer ghp_personal');
    expect(asked?.headers.get('accept')).toBe('application/vnd.github+json');
    expect(asked?.headers.get('x-github-api-version')).toBe('2022-11-28');
    expect(asked?.headers.has('content-type')).toBe(false);
  });

  test('that the credentials do not see is none', async () => {
    const { client } = aClient(aRest(() => json(404, { message: 'Not Found' })));
    expect(await client.getWorkflowRun(PLACE)).toBeUndefined();
  });

  test('that they may not see is told apart', async () => {
    const message = 'Resource not accessible by integration';
    const { client } = aClient(aRest(() => json(403, { message })));
    expect(await thrownBy(() => client.getWorkflowRun(PLACE))).toMatchObject({
      code: 'unauthorized',
      message: expect.stringContaining(message) as string,
    });
  });

  test('of what is no repository is not asked for', async () => {
    const farSide = aRest(never);
    const place = { repository: 'my-org', runId: 42 };
    expect(await thrownBy(() => aClient(farSide).client.getWorkflowRun(place))).toMatchObject({
      code: 'refused',
    });
    expect(farSide.chain).toEqual([]);
  });
});

describe('its jobs', () => {
  const aJob = (id: number, fields: object = {}) => ({ id, name: `job ${id}`, ...fields });

  test('are listed with their runners and ends', async () => {
    const farSide = aRest(() =>
      json(200, {
        total_count: 2,
        jobs: [
          aJob(1, { run_attempt: 1, runner_name: 'linux-runner-a', conclusion: 'failure' }),
          aJob(2, { run_attempt: 2, runner_name: null, conclusion: null }),
        ],
      }),
    );
    expect(await aClient(farSide).client.listWorkflowJobs(PLACE)).toEqual([
      { id: 1, name: 'job 1', attempt: 1, runnerName: 'linux-runner-a', conclusion: 'failure' },
      { id: 2, name: 'job 2', attempt: 2 },
    ]);
    expect(farSide.chain.map(told)).toEqual([
      'GET /api/v3/repos/my-org/app/actions/runs/42/jobs?filter=all&page=1&per_page=100',
    ]);
  });

  test('are read page by page', async () => {
    const pages = [100, 100, 3];
    const farSide = aRest(({ url }) => {
      const page = Number(url.searchParams.get('page'));
      const jobs = Array.from({ length: pages[page - 1] ?? 0 }, (_, at) => aJob(page * 1000 + at));
      return json(200, { total_count: 203, jobs });
    });
    const jobs = await aClient(farSide).client.listWorkflowJobs(PLACE);
    expect(jobs).toHaveLength(203);
    expect(new Set(jobs.map(({ id }) => id)).size).toBe(203);
    expect(farSide.chain).toHaveLength(3);
  });
});

describe('a job that is run again', () => {
  const rerun = ({ client }: Rig) => client.rerunJob({ repository: 'my-org/app', jobId: 9 });

  test('is asked for by its number', async () => {
    const farSide = aRest(() => text(201, '{}'));
    expect(await rerun(aClient(farSide))).toBe('started');
    expect(farSide.chain.map(told)).toEqual(['POST /api/v3/repos/my-org/app/actions/jobs/9/rerun']);
  });

  test('while its run is under way is none', async () => {
    const message = 'This workflow is already running';
    expect(await rerun(aClient(aRest(() => json(403, { message }))))).toBe('running');
  });

  // One status for all: only the sentence tells what GitHub will never do from what these credentials may not.
  test.each([
    { message: 'This workflow run cannot be retried', code: 'refused' },
    {
      message: 'Unable to retry this workflow run because it was created over a month ago',
      code: 'refused',
    },
    { message: 'Resource not accessible by integration', code: 'unauthorized' },
    { message: 'Resource not accessible by personal access token', code: 'unauthorized' },
    { message: 'Must have admin rights to Repository.', code: 'unauthorized' },
  ])('is $code: $message', async ({ message, code }) => {
    const error = await thrownBy(() => rerun(aClient(aRest(() => json(403, { message })))));
    expect(error).toMatchObject({ code, message: expect.stringContaining(message) as string });
  });

  test('waits for a rate limit, whatever GitHub calls it', async () => {
    const headers = { 'x-ratelimit-remaining': '0', 'x-ratelimit-reset': `${NOW / 1000 + 90}` };
    const message = 'API rate limit exceeded; it cannot be retried';
    const { client } = aClient(aRest(() => json(403, { message }, headers)));
    expect(
      await thrownBy(() => client.rerunJob({ repository: 'my-org/app', jobId: 9 })),
    ).toMatchObject({ code: 'rate-limited', retryAfterMs: 90_000 });
  });
});

describe("an App's installation", () => {
  /** Tokens that live for so long; the first so many are refused. */
  function anApp({ lifeMs, refused = 0 }: { lifeMs: number | undefined; refused?: number }) {
    let issued = 0;
    const farSide = aRest(({ url, headers }) => {
      if (url.pathname.endsWith('/access_tokens')) {
        issued += 1;
        const end =
          lifeMs === undefined ? {} : { expires_at: new Date(NOW + lifeMs).toISOString() };
        return json(201, { token: `installation-${issued}`, ...end });
      }
      const isRefused = Number(headers.get('authorization')?.split('-')[1]) <= refused;
      return isRefused
        ? json(401, { message: 'Bad credentials' })
        : json(200, { status: 'completed', run_attempt: 1 });
    });
    return { ...aClient(farSide, { credentials: app }), issued: () => issued };
  }

  test.each([
    { lifeMs: 60 * MINUTE_MS, tokens: 1 },
    { lifeMs: MINUTE_MS - 1000, tokens: 2 },
    { lifeMs: undefined, tokens: 2 },
  ])('gives one token while it lasts: $lifeMs ms', async ({ lifeMs, tokens: count }) => {
    const { client, issued } = anApp({ lifeMs });
    await client.getWorkflowRun(PLACE);
    await client.getWorkflowRun(PLACE);
    expect(issued()).toBe(count);
  });

  test('gives another when one is refused', async () => {
    const { client, issued } = anApp({ lifeMs: 60 * MINUTE_MS, refused: 1 });
    expect(await client.getWorkflowRun(PLACE)).toMatchObject({ isCompleted: true });
    expect(issued()).toBe(2);
  });

  test('is not asked for ever', async () => {
    const { client, issued } = anApp({ lifeMs: 60 * MINUTE_MS, refused: 9 });
    expect(await thrownBy(() => client.getWorkflowRun(PLACE))).toMatchObject({
      code: 'unauthorized',
    });
    expect(issued()).toBe(2);
  });
});

test('on github.com the REST API has a host of its own, and a token is refused once', async () => {
  const asked: string[] = [];
  const { client } = aClient(aRest(never), {
    configUrl: 'https://github.com/my-org',
    fetch: (request) => {
      asked.push(request.url);
      return Promise.resolve(json(401, { message: 'Bad credentials' }));
    },
  });
  expect(await thrownBy(() => client.getWorkflowRun(PLACE))).toMatchObject({
    code: 'unauthorized',
  });
  expect(asked).toEqual(['https://api.github.com/repos/my-org/app/actions/runs/42']);
});

test('the Actions service gets its own tokens, whatever the REST API was given', async () => {
  const farSide = aFarSide(
    () => json(200, { id: 1, name: 'r' }),
    (asked) =>
      asked.url.pathname.endsWith('/access_tokens')
        ? json(201, { token: 'i', expires_at: new Date(NOW + 60 * MINUTE_MS).toISOString() })
        : asked.url.pathname.includes('/runs/')
          ? json(200, { status: 'completed' })
          : tokens()(asked),
  );
  const { client } = aClient(farSide, { credentials: app });
  await client.getWorkflowRun(PLACE);
  await client.getRunner(1);
  expect(farSide.chain.map(({ url }) => url.pathname.split('/').at(-1))).toEqual([
    'access_tokens',
    '42',
    'access_tokens',
    'registration-token',
    'runner-registration',
  ]);
  expect(farSide.asked[0]?.url.origin).toBe(ORIGIN);
});
