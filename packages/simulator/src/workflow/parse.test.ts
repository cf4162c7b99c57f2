import { describe, expect, test } from 'vitest';
import { parseWorkflow } from './parse.ts';
import { fill } from './template.ts';
import { formatProblems } from './workflow.ts';
import type { Workflow } from './workflow.ts';

const problems = async (content: string): Promise<string[]> => {
  const read = await parseWorkflow({ path: 'ci.yml', content });
  return 'problems' in read ? formatProblems(read) : [];
};

const workflow = async (content: string): Promise<Workflow> => {
  const read = await parseWorkflow({ path: 'ci.yml', content });
  if ('problems' in read) throw new Error(formatProblems(read).join('\n'));
  return read;
};

const job = (lines: string): string => `on: push\njobs:\n  a:\n    runs-on: demo\n${lines}`;

describe('a broken file is told by line and column', () => {
  test.each([
    { name: 'nothing in it', content: '', says: ['ci.yml:1:1: there is no workflow in it'] },
    { name: 'a text', content: 'hello', says: ["ci.yml:1:1: Unexpected value 'hello'"] },
    {
      name: 'no text at all',
      content: `\u0001\u001b[31m${'x'.repeat(300)}`,
      says: [`ci.yml:1:1: Unexpected value '\ufffd\ufffd[31m${'x'.repeat(176)}...`],
    },
    {
      name: 'two documents',
      content: 'on: push\n---\non: push\n',
      says: ['ci.yml:2:1: a workflow file is one YAML document, and this begins another'],
    },
    {
      name: 'no jobs',
      content: 'on: push\n',
      says: ['ci.yml:1:1: Required property is missing: jobs'],
    },
    {
      name: 'an unknown key',
      content: job('    stepz: []\n'),
      says: ["ci.yml:5:5: Unexpected value 'stepz'"],
    },
    {
      name: 'an unknown context',
      content: job('    steps:\n      - run: echo ${{ foo.bar }}\n'),
      says: ["ci.yml:6:19: Unrecognized named-value: 'foo'"],
    },
    {
      name: 'an unknown need',
      content: job('    needs: [b]\n    steps:\n      - run: echo\n'),
      says: ['ci.yml:3:3: The workflow must contain at least one job with no dependencies.'],
    },
    {
      name: 'YAML that is none',
      content: 'on: push\njobs: [\n',
      says: [
        'ci.yml:3:1: Flow sequence in block collection must be sufficiently indented and end with a ]',
      ],
    },
  ])('$name', async ({ content, says }) => {
    expect(await problems(content)).toEqual(says);
  });
});

test('a script over several lines is read as YAML means it, expressions and all', async () => {
  const read = await workflow(
    job(
      "    steps:\n      - run: |\n          if true; then\n            echo '{${{ github.sha }}}'\n          fi\n",
    ),
  );
  expect(read.jobs[0]?.steps[0]?.does).toEqual({
    run: { expr: "format('if true; then\n  echo ''{{{0}}}''\nfi\n', github.sha)" },
  });
});

test.each([
  {
    name: 'one line',
    yaml: `echo \${{ github.actor }} 'a' "'b'" {0}`,
    text: `echo me 'a' "'b'" {0}`,
  },
  {
    name: 'several lines',
    yaml: `|\n          echo 'a' \${{ github.actor }}\n          echo 'b' 'c' {}\n`,
    text: `echo 'a' me\necho 'b' 'c' {}\n`,
  },
])('quotes and braces beside an expression stay as they are, on $name', async ({ yaml, text }) => {
  const read = await workflow(job(`    steps:\n      - run: ${yaml}\n`));
  const does = read.jobs[0]?.steps[0]?.does;
  const run = does !== undefined && 'run' in does ? does.run : '';
  expect(fill(run, { contexts: { github: { actor: 'me' } } })).toBe(text);
});

test('a folded text that is one expression is that expression', async () => {
  const read = await workflow(job('    steps:\n      - run: >-\n          ${{ github.sha }}\n'));
  expect(read.jobs[0]?.steps[0]?.does).toEqual({ run: { expr: 'github.sha' } });
});

test.each([
  { written: "github.ref == 'x'", read: "success() && (github.ref == 'x')" },
  { written: '${{ always() }}', read: 'always()' },
  { written: "github.ref == 'failure()'", read: "success() && (github.ref == 'failure()')" },
  { written: '>-\n      ${{ failure() }}', read: 'failure()' },
])('the condition $written is $read', async ({ written, read }) => {
  const { jobs } = await workflow(job(`    if: ${written}\n    steps:\n      - run: echo\n`));
  expect(jobs[0]?.if).toBe(read);
});

test('what is not run here is said', async () => {
  const read = await workflow(
    'on: push\nconcurrency: x\njobs:\n  a:\n    uses: o/r/.github/workflows/x.yml@v1\n  b:\n    runs-on: demo\n    container: alpine\n    steps: [{ run: echo }]\n',
  );
  expect(read.notices).toEqual(['concurrency is not obeyed: every run is on its own here']);
  expect(read.jobs.map(({ unsupported }) => unsupported)).toEqual([
    'it calls the reusable workflow o/r/.github/workflows/x.yml@v1, which is not run here',
    'it asks for a container, and jobs run as processes here',
  ]);
});
