// This project's own workflows, which run on github.com only: that they are workflows, and that what they call is here.
import { access, readdir, readFile } from 'node:fs/promises';
import { formatProblems, parseWorkflow } from '@muster/simulator/workflow';
import { describe, expect, test } from 'vitest';
import { z } from 'zod';

const ROOT = new URL('../../../', import.meta.url);
const FOLDER = new URL('.github/workflows/', ROOT);

const { scripts } = z
  .object({ scripts: z.record(z.string(), z.string()) })
  .parse(JSON.parse(await readFile(new URL('package.json', ROOT), 'utf8')));

/** pnpm's own. */
const COMMANDS = ['install'];

describe.each(await readdir(FOLDER))('%s', (name) => {
  const read = (): Promise<string> => readFile(new URL(name, FOLDER), 'utf8');

  test('is a workflow', async () => {
    const workflow = await parseWorkflow({ path: name, content: await read() });
    expect('problems' in workflow ? formatProblems(workflow) : []).toEqual([]);
  });

  test('calls scripts that package.json has', async () => {
    const called = [...(await read()).matchAll(/pnpm@12 (?:--\w+ )*([\w:]+)/g)].map(
      ([, script = '']) => script,
    );
    expect(called).not.toEqual([]);
    expect(called.filter((one) => !(one in scripts) && !COMMANDS.includes(one))).toEqual([]);
  });

  test('names files that are there', async () => {
    const text = await read();
    const files = [...text.matchAll(/(?<![\w$/])(?:\.ci|images|\.github)\/[\w./-]+\w/g)];
    for (const [file] of files) await access(new URL(file, ROOT));
  });
});
