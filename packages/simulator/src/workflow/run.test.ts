import { describe, expect, test } from 'vitest';
import { parseWorkflow } from './parse.ts';
import type { JobPayload } from './payload.ts';
import { startRun } from './run.ts';
import type { Run } from './run.ts';
import { createTestQueue } from './testing/queue.ts';
import type { TestQueue } from './testing/queue.ts';

async function aRun(jobs: string): Promise<{ run: Run; queue: TestQueue }> {
  const content = `on: push\njobs:\n${jobs.replaceAll(/^/gm, '  ')}\n`;
  const workflow = await parseWorkflow({ path: '.github/workflows/ci.yml', content });
  if ('problems' in workflow) throw new Error(JSON.stringify(workflow.problems));
  const queue = createTestQueue();
  const repository = { owner: 'o', name: 'r', path: '/src', ref: 'refs/heads/main', sha: 'abc' };
  const run = startRun({
    workflow,
    queue,
    repository,
    event: { name: 'push' },
    runId: 7,
    now: () => 0,
  });
  return { run, queue };
}

const step = 'runs-on: demo, steps: [{ run: echo }]';

const rows = (run: Run): string[] =>
  run.jobs.map(({ name, result, state, waiting, reason }) =>
    [name, result ?? state, waiting ?? reason].filter(Boolean).join(' | '),
  );

describe('needs', () => {
  test('a job is queued when those it needs have succeeded', async () => {
    const { run, queue } = await aRun(`a: { ${step} }\nb: { needs: a, ${step} }`);
    expect(rows(run)).toEqual(['a | queued', 'b | pending | needs a']);
    queue.end('a');
    expect(queue.open()).toEqual(['b']);
    queue.end('b');
    expect([run.state, run.result]).toEqual(['completed', 'success']);
  });

  test.each([
    { condition: '', a: 'failed', b: 'b | skipped | a failed' },
    { condition: 'always()', a: 'failed', b: 'b | queued' },
    { condition: 'failure()', a: 'failed', b: 'b | queued' },
    {
      condition: 'failure()',
      a: 'succeeded',
      b: 'b | skipped | its condition is false: failure()',
    },
    { condition: "needs.a.outputs.go == 'yes'", a: 'succeeded', b: 'b | queued' },
    {
      condition: "needs.a.outputs.go == 'no'",
      a: 'succeeded',
      b: "b | skipped | its condition is false: needs.a.outputs.go == 'no'",
    },
    { condition: "!cancelled() && needs.a.result == 'failure'", a: 'failed', b: 'b | queued' },
    {
      condition: "fromJSON('nonsense').x",
      a: 'succeeded',
      b: expect.stringContaining('b | failure | could not evaluate') as string,
    },
  ] as const)('after a $a a, b with if "$condition" is $b', async ({ condition, a, b }) => {
    const { run, queue } = await aRun(
      `a: { ${step} }\nb: { needs: a, if: "${condition}", ${step} }`,
    );
    queue.end('a', a, { go: 'yes' });
    expect(rows(run)[1]).toEqual(b);
  });

  test('a skipped job skips what needs it, however far, unless always() asks otherwise', async () => {
    const { run, queue } = await aRun(
      `a: { if: false, ${step} }\nb: { needs: a, if: always(), ${step} }\nc: { needs: b, ${step} }`,
    );
    queue.end('b');
    expect(rows(run)).toEqual([
      'a | skipped | its condition is false: false',
      'b | success',
      'c | skipped | a was skipped',
    ]);
    expect(run.result).toBe('success');
  });

  test('continue-on-error lets the run and its dependants succeed', async () => {
    const { run, queue } = await aRun(
      `a: { continue-on-error: true, ${step} }\nb: { needs: a, ${step} }`,
    );
    queue.end('a', 'failed');
    expect(queue.open()).toEqual(['b']);
    queue.end('b');
    expect([run.jobs[0]?.result, run.result]).toEqual(['failure', 'success']);
  });
});

describe('a matrix', () => {
  const matrix = (extra = ''): string =>
    `m: { strategy: { matrix: { x: [1, 2, 3] } ${extra} }, ${step} }`;

  test('comes from the output of a job', async () => {
    const { queue } = await aRun(
      `a: { ${step} }\nm: { needs: a, strategy: { matrix: "\${{ fromJSON(needs.a.outputs.it) }}" }, name: "on \${{ matrix.os }}", runs-on: "\${{ matrix.os }}", steps: [{ run: echo }] }`,
    );
    queue.end('a', 'succeeded', { it: '{"os": ["linux", "mac"]}' });
    expect(queue.open()).toEqual(['on linux', 'on mac']);
    expect(queue.wish('on mac').labels).toEqual(['mac']);
  });

  test('runs no more at a time than max-parallel', async () => {
    const { run, queue } = await aRun(matrix(', max-parallel: 2'));
    expect(rows(run)).toEqual([
      'm (1) | queued',
      'm (2) | queued',
      'm (3) | pending | its matrix runs as many jobs at a time as max-parallel allows',
    ]);
    queue.end('m (1)');
    expect(queue.open()).toEqual(['m (2)', 'm (3)']);
  });

  test('ends with the first failure', async () => {
    const { run, queue } = await aRun(matrix(', max-parallel: 2'));
    queue.end('m (1)', 'failed');
    expect(rows(run)).toEqual([
      'm (1) | failure',
      'm (2) | cancelled',
      'm (3) | cancelled | another job of its matrix failed',
    ]);
    expect(run.result).toBe('failure');
  });

  test('goes on after a failure when fail-fast is false', async () => {
    const { queue } = await aRun(matrix(', fail-fast: false'));
    queue.end('m (1)', 'failed');
    expect(queue.open()).toEqual(['m (2)', 'm (3)']);
  });

  test('gives the last output that a job of it set', async () => {
    const { queue } = await aRun(`${matrix()}\nb: { needs: m, ${step} }`);
    queue.end('m (2)', 'succeeded', { v: 'two' });
    queue.end('m (3)', 'succeeded', { v: '' });
    queue.end('m (1)', 'succeeded', { v: 'one' });
    const { contexts } = queue.wish('b').payload as JobPayload;
    expect(contexts.needs).toEqual({ m: { result: 'success', outputs: { v: 'two' } } });
  });

  test('that is empty fails its job, and says so in its log', async () => {
    const { run } = await aRun(`m: { strategy: { matrix: { x: [] } }, ${step} }`);
    expect([run.result, run.jobs[0]?.log]).toEqual([
      'failure',
      ["the job was not run: the matrix's x has no values"],
    ]);
  });
});

describe('runs-on', () => {
  test.each([
    { written: 'demo', wish: { labels: ['demo'] } },
    { written: '[self-hosted, demo]', wish: { labels: ['self-hosted', 'demo'] } },
    { written: '"${{ fromJSON(\'[\\"a\\", \\"b\\"]\') }}"', wish: { labels: ['a', 'b'] } },
    { written: '{ group: org/big, labels: demo }', wish: { labels: ['demo'], runnerGroup: 'big' } },
    { written: '{ group: big }', wish: { labels: [], runnerGroup: 'big' } },
  ])('$written', async ({ written, wish }) => {
    const { queue } = await aRun(`a: { runs-on: ${written}, steps: [{ run: echo }] }`);
    expect(queue.wish('a')).toMatchObject(wish);
  });

  test('that names nothing fails the job', async () => {
    const { run } = await aRun(`a: { runs-on: "\${{ vars.none }}", steps: [{ run: echo }] }`);
    expect(rows(run)).toEqual(['a | failure | runs-on names no runner']);
  });
});

test('a run is stuck while all that is left waits for a scale set that does not exist', async () => {
  const { run, queue } = await aRun(`a: { ${step} }\nb: { ${step} }\nc: { needs: b, ${step} }`);
  queue.wait('b', 'no scale set has the label demo');
  expect(run.state).toBe('running');
  queue.end('a');
  expect(run.state).toBe('stuck');
  expect(rows(run)).toEqual([
    'a | success',
    'b | queued | no scale set has the label demo',
    'c | pending | needs b',
  ]);
});

test('a cancelled run ends what runs, but for a job that wants to run all the same', async () => {
  const { run, queue } = await aRun(
    `a: { ${step} }\nb: { if: always(), ${step} }\nc: { needs: a, ${step} }\nd: { needs: a, if: cancelled(), ${step} }`,
  );
  run.cancel();
  expect(queue.open()).toEqual(['b', 'd']);
  queue.end('b');
  queue.end('d');
  expect(rows(run)).toEqual([
    'a | cancelled',
    'b | success',
    'c | skipped | the run was cancelled',
    'd | success',
  ]);
  expect(run.result).toBe('cancelled');
});

test('listeners hear of every change, until they leave', async () => {
  const { run, queue } = await aRun(`a: { ${step} }\nb: { needs: a, ${step} }`);
  const heard: string[] = [];
  const leave = run.onChange(() => heard.push(rows(run).join(', ')));
  queue.end('a');
  leave();
  queue.end('b');
  expect(heard).toEqual(['a | success, b | queued']);
});

describe('a job that is run again', () => {
  test('takes the jobs that need it along, and leaves the others as they ended', async () => {
    const { run, queue } = await aRun(
      `a: { ${step} }\nb: { needs: a, ${step} }\nc: { needs: b, ${step} }\nd: { ${step} }`,
    );
    queue.end('d');
    queue.end('a', 'failed');
    expect([run.state, run.result]).toEqual(['completed', 'failure']);
    expect(rows(run)).toEqual([
      'a | failure',
      'b | skipped | a failed',
      'c | skipped | b was skipped',
      'd | success',
    ]);
    queue.rerun('a');
    expect(rows(run)).toEqual([
      'a | queued',
      'b | pending | needs a',
      'c | pending | needs b',
      'd | success',
    ]);
    for (const name of ['a', 'b', 'c']) queue.end(name);
    expect([run.state, run.result]).toEqual(['completed', 'success']);
  });

  test('may be run again and again, and tells who follows the run', async () => {
    const { run, queue } = await aRun(`a: { ${step} }`);
    const seen: string[] = [];
    run.onChange(({ state }) => seen.push(state));
    for (let time = 0; time < 2; time += 1) {
      queue.end('a', 'failed');
      queue.rerun('a');
    }
    queue.end('a');
    expect(seen).toEqual(['completed', 'running', 'completed', 'running', 'completed']);
    expect(run.result).toBe('success');
  });
});
