import { execFile } from 'node:child_process';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { expect, test } from 'vitest';
import { tar } from './tar.ts';
import { file, folder, program, treeOf } from './tree.ts';
import type { Tree } from './tree.ts';

const run = promisify(execFile);
const A_DAY = 86_400;

const LONG = `${'deep/'.repeat(30)}file`;

/** What the machine's tar says of it. */
async function listing(tree: Tree): Promise<string[]> {
  const scratch = await mkdtemp(join(tmpdir(), 'muster-tar-'));
  try {
    const path = join(scratch, 'a.tar');
    await writeFile(path, tar(tree, A_DAY));
    const args = ['--list', '--verbose', '--utc', '--full-time', '--file', path];
    const { stdout } = await run('tar', args, {
      env: { PATH: '/usr/bin:/bin', LC_ALL: 'C.UTF-8' },
    });
    return stdout
      .trim()
      .split('\n')
      .map((line) => line.replace(/ +/g, ' '));
  } finally {
    await rm(scratch, { recursive: true, force: true });
  }
}

test("every entry is root's, of the time given, with its mode and size", async () => {
  const tree = treeOf([
    ['bin/run', program('#!/nodejs/bin/node')],
    ['tmp', folder(0o1777)],
    ['bin/also', { is: 'link', target: 'run' }],
    ['etc/größe', file('12345')],
  ]);
  expect(await listing(tree)).toEqual([
    'drwxr-xr-x 0/0 0 1970-01-02 00:00:00 bin/',
    'lrwxrwxrwx 0/0 0 1970-01-02 00:00:00 bin/also -> run',
    '-rwxr-xr-x 0/0 18 1970-01-02 00:00:00 bin/run',
    'drwxr-xr-x 0/0 0 1970-01-02 00:00:00 etc/',
    '-rw-r--r-- 0/0 5 1970-01-02 00:00:00 etc/größe',
    'drwxrwxrwt 0/0 0 1970-01-02 00:00:00 tmp/',
  ]);
});

test('a path longer than a name may be goes into two fields', async () => {
  expect((await listing(treeOf([[LONG, file('')]]))).at(-1)).toContain(LONG);
});

test('a path that tar cannot hold is refused', () => {
  expect(() => tar(treeOf([['x'.repeat(101), file('')]]), 0)).toThrow('too long for tar');
});

test('the order in which entries are given does not matter', () => {
  const entries = [
    ['b', file('2')],
    ['a/c', file('1')],
  ] as const;
  const there = tar(treeOf(entries), 0);
  expect(tar(treeOf(entries.toReversed()), 0).equals(there)).toBe(true);
});
