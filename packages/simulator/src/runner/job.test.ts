import { execFileSync } from 'node:child_process';
import { existsSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import type { JobReport } from '../runner-protocol.ts';
import { parseWorkflow } from '../workflow/parse.ts';
import { startRun } from '../workflow/run.ts';
import type { JobPayload } from '../workflow/payload.ts';
import { createTestQueue } from '../workflow/testing/queue.ts';
import { runJob } from './job.ts';

let folder = '';

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'muster-job-'));
});

afterEach(() => {
  rmSync(folder, { recursive: true, force: true });
});

/** The payload that the service would send for job `a` of this workflow. */
async function payloadOf(job: string, top = ''): Promise<JobPayload> {
  const content = `on: push\n${top}jobs:\n  a:\n    runs-on: demo\n${job.replaceAll(/^/gm, '    ')}\n`;
  const workflow = await parseWorkflow({ path: 'ci.yml', content });
  if ('problems' in workflow) throw new Error(JSON.stringify(workflow.problems));
  const queue = createTestQueue();
  const path = join(folder, 'source');
  const repository = { owner: 'o', name: 'r', path, ref: 'refs/heads/main', sha: 'abc' };
  const secrets = { KEY: 's3cret' };
  startRun({
    workflow,
    queue,
    repository,
    event: { name: 'push' },
    runId: 7,
    secrets,
    now: () => 0,
  });
  return JSON.parse(JSON.stringify(queue.wish('a').payload)) as JobPayload;
}

interface Ran extends JobReport {
  log: string;
  /** `conclusion`, with what it was before `continue-on-error`. */
  ends: string[];
}

async function run(
  job: string,
  { top = '', signal = new AbortController().signal } = {},
): Promise<Ran> {
  let log = '';
  const report = await runJob(await payloadOf(job, top), {
    runnerName: 'ra',
    workFolder: join(folder, '_work'),
    env: { PATH: process.env['PATH'] ?? '' },
    write: (text) => (log += text),
    signal,
    now: () => 0,
  });
  const ends = (report.steps ?? []).map(({ outcome, conclusion }) =>
    outcome === conclusion ? conclusion : `${outcome ?? ''} as ${conclusion}`,
  );
  return { ...report, log, ends };
}

const outputLines = (log: string): string[] => {
  const shown = log
    .replaceAll(/##\[group\][\s\S]*?##\[endgroup\]\n/g, '')
    .trimEnd()
    .split('\n');
  return shown.slice(1);
};

describe('shells', () => {
  test.each([
    {
      shell: 'bash',
      script: 'false | true; echo no',
      lines: ['##[error]Process completed with exit code 1.'],
    },
    { shell: undefined, script: 'false | true; echo ${BASH_VERSION:+bash}', lines: ['bash'] },
    {
      shell: 'sh',
      script: 'false; echo no',
      lines: ['##[error]Process completed with exit code 1.'],
    },
    {
      shell: 'node',
      script: 'import os from "node:os"; console.log(typeof await os.EOL)',
      lines: ['string'],
    },
    { shell: 'node {0}', script: 'console.log(typeof require)', lines: ['function'] },
    { shell: 'env X=1 sh {0}', script: 'echo $X', lines: ['1'] },
  ])('$shell: $script', async ({ shell, script, lines }) => {
    const ran = await run(
      `steps:\n  - run: |\n      ${script}\n    ${shell ? `shell: ${shell}` : ''}`,
    );
    expect(outputLines(ran.log)).toEqual(lines);
  });

  test('the default comes from the job, then from the workflow', async () => {
    const top = 'defaults: { run: { shell: sh, working-directory: b } }\n';
    mkdirSync(join(folder, '_work/r/r/b'), { recursive: true });
    const ran = await run(
      'defaults: { run: { shell: node } }\nsteps:\n  - run: console.log(process.cwd().slice(-2))',
      { top },
    );
    expect(outputLines(ran.log)).toEqual(['/b']);
  });

  test('a program or a folder that is not there is named', async () => {
    const ran = await run(
      'steps:\n  - { shell: "nosuch {0}", run: x }\n  - { if: always(), run: x, working-directory: gone }',
    );
    expect(outputLines(ran.log)).toEqual([
      '##[error]nosuch could not be started: spawn nosuch ENOENT',
      `##[error]the working directory ${join(folder, '_work/r/r/gone')} does not exist`,
    ]);
  });
});

describe('environment', () => {
  test('the step wins over the job, the job over the workflow, and the runner over all', async () => {
    const ran = await run(
      'env: { B: job, C: job }\nsteps:\n  - env: { C: "step ${{ env.B }}", GITHUB_SHA: mine }\n    run: echo "$A, $B, $C, $GITHUB_SHA, $CI"',
      { top: 'env: { A: workflow, B: workflow }\n' },
    );
    expect(outputLines(ran.log)).toEqual(['workflow, job, step job, abc, true']);
  });

  test('what a step writes reaches the steps after it', async () => {
    const ran = await run(`outputs: { it: "\${{ steps.first.outputs.it }}" }
steps:
  - id: first
    run: |
      mkdir bin && printf '#!/bin/sh\\necho tool' > bin/tool && chmod +x bin/tool
      echo "$PWD/bin" >> "$GITHUB_PATH"
      echo "A=from file" >> "$GITHUB_ENV"
      printf 'it<<END\\none\\ntwo\\nEND\\n' >> "$GITHUB_OUTPUT"
      echo summary >> "$GITHUB_STEP_SUMMARY"
  - run: |
      tool
      echo "$A \${{ env.A }}"
      echo "\${{ toJSON(steps.first) }}"`);
    expect(outputLines(ran.log).slice(0, 2)).toEqual(['tool', 'from file from file']);
    expect(ran.outputs).toEqual({ it: 'one\ntwo' });
  });

  test('a file command that cannot be read fails its step', async () => {
    const ran = await run('steps:\n  - run: echo nonsense >> "$GITHUB_OUTPUT"');
    expect([ran.result, ...outputLines(ran.log)]).toEqual([
      'failed',
      "##[error]Unable to process file command 'output' successfully.",
      "##[error]Invalid format 'nonsense'",
    ]);
  });

  test('secrets and masks are shown as stars, and leave no job by its outputs', async () => {
    const ran = await run(`outputs: { key: "\${{ steps.s.outputs.key }}" }
steps:
  - id: s
    run: |
      echo "::add-mask::hidden"
      echo "s3cret hidden"
      echo "key=s3cret" >> "$GITHUB_OUTPUT"`);
    expect(ran.log).not.toContain('s3cret');
    expect(outputLines(ran.log)).toEqual([
      '*** ***',
      "##[warning]Skip output 'key' since it may contain secret.",
    ]);
    expect(ran.outputs).toEqual({});
  });
});

describe('conditions', () => {
  test('after a failure only those run that ask for it', async () => {
    const ran = await run(`steps:
  - { id: bad, run: exit 3 }
  - { run: echo no }
  - { if: failure(), run: echo yes }
  - { if: always(), run: echo yes }
  - { if: "failure() && steps.bad.outcome == 'success'", run: echo no }`);
    expect([ran.result, ran.ends]).toEqual([
      'failed',
      ['failure', 'skipped', 'success', 'success', 'skipped'],
    ]);
    // A reason tells a step that was left out from one whose condition is false.
    expect(
      ran.steps?.filter(({ conclusion, reason }) => conclusion === 'skipped' && reason),
    ).toEqual([]);
  });

  test('continue-on-error turns the outcome of a failure to another conclusion', async () => {
    const ran = await run(`steps:
  - { id: bad, continue-on-error: true, run: exit 3 }
  - { run: "echo \${{ steps.bad.outcome }} \${{ steps.bad.conclusion }} \${{ job.status }}" }`);
    expect([ran.result, ran.ends]).toEqual(['succeeded', ['failure as success', 'success']]);
    expect(outputLines(ran.log).at(-1)).toBe('failure success success');
  });

  test('an expression that cannot be evaluated fails its step', async () => {
    const ran = await run('steps:\n  - { run: "echo ${{ fromJSON(github.sha).x }}" }');
    expect([ran.result, ran.steps?.[0]?.reason]).toEqual([
      'failed',
      expect.stringContaining('Error parsing JSON when evaluating fromJson'),
    ]);
  });

  test('hashFiles sees the workspace', async () => {
    const ran = await run(`steps:
  - run: echo x > lock
  - { if: "hashFiles('**/lock') != '' && hashFiles('none') == ''", run: echo yes }`);
    expect(ran.ends).toEqual(['success', 'success']);
  });
});

describe('ends', () => {
  test('a step that takes too long fails, and its children go with it', async () => {
    const pidFile = join(folder, 'pid');
    const ran = await run(`steps:
  - timeout-minutes: 0.01
    run: |
      sleep 60 &
      echo $! > ${pidFile}
      wait`);
    expect([ran.result, outputLines(ran.log)]).toEqual([
      'failed',
      [
        expect.stringMatching(
          /^##\[error\]The action 'Run sleep 60 &' has timed out after 0.01 minutes/,
        ),
      ],
    ]);
    // A zombie has ended too, where nobody asks how.
    const left = execFileSync('sh', ['-c', `ps -o stat= -p $(cat ${pidFile}) || true`]).toString();
    expect(left.replace(/^Z.*\s/, '')).toBe('');
  });

  test('a job that takes too long is canceled, and its always() steps still run', async () => {
    const ran = await run(`timeout-minutes: 0.01
steps:
  - run: sleep 60
  - run: echo no
  - { if: cancelled(), run: echo yes }`);
    expect([ran.result, ran.ends]).toEqual(['canceled', ['cancelled', 'skipped', 'success']]);
    expect(ran.steps?.map(({ reason }) => reason)).toEqual([
      'The job has exceeded the maximum execution time of 0.01 minutes.',
      undefined,
      undefined,
    ]);
  });

  test('a canceled job ends the step that runs', async () => {
    const stop = new AbortController();
    const marker = join(folder, 'started');
    const running = run(`steps:\n  - run: touch ${marker}; sleep 60`, { signal: stop.signal });
    await expect.poll(() => existsSync(marker), { interval: 10, timeout: 5_000 }).toBe(true);
    stop.abort();
    expect(await running).toMatchObject({ result: 'canceled', ends: ['cancelled'] });
  });

  test('a child in the background does not hold the step', async () => {
    const ran = await run('steps:\n  - run: sleep 5 & echo done');
    expect(outputLines(ran.log)).toEqual(['done']);
  });
});

describe('uses', () => {
  test('checkout copies what git tracks, as it is now', async () => {
    const source = join(folder, 'source');
    mkdirSync(join(source, 'lib'), { recursive: true });
    writeFileSync(join(source, 'lib/tracked'), 'old');
    execFileSync('sh', ['-c', 'git init -q && git add -A'], { cwd: source });
    writeFileSync(join(source, 'lib/tracked'), 'new');
    writeFileSync(join(source, 'untracked'), 'x');
    const ran = await run(
      'steps:\n  - { uses: actions/checkout@v4, with: { path: here } }\n  - run: cat here/lib/tracked; ls -A here',
    );
    expect(outputLines(ran.log)).toEqual([`copied 1 files of ${source}`, 'newlib']);
  });

  test('checkout without git copies the folder, but for dependencies', async () => {
    const source = join(folder, 'source');
    for (const path of ['node_modules/x', 'lib'])
      mkdirSync(join(source, path), { recursive: true });
    writeFileSync(join(source, 'lib/file'), 'x');
    writeFileSync(join(source, 'node_modules/x/file'), 'x');
    const ran = await run('steps:\n  - uses: actions/checkout@v4\n  - run: find . -type f');
    expect(outputLines(ran.log).at(-1)).toBe('./lib/file');
  });

  test('checkout does not leave the workspace', async () => {
    mkdirSync(join(folder, 'source'));
    const ran = await run('steps:\n  - { uses: actions/checkout@v4, with: { path: ../.. } }');
    expect(outputLines(ran.log).at(-1)).toMatch(/^##\[error\]Repository path .* is not under/);
  });

  test('any other action is skipped, and that is said', async () => {
    const ran = await run(
      'steps:\n  - { id: node, uses: actions/setup-node@v4 }\n  - run: echo "${{ steps.node.outcome }}"',
    );
    expect([ran.result, ran.ends, outputLines(ran.log)]).toEqual([
      'succeeded',
      ['skipped', 'success'],
      [
        '##[warning]skipped: actions/setup-node@v4 is not run here: actions need GitHub, and only actions/checkout is played',
        'skipped',
      ],
    ]);
    expect(ran.steps?.[0]?.reason).toMatch(/^actions\/setup-node@v4 is not run here/);
  });
});
