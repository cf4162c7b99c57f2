import { join } from 'node:path';
import { tmpdir } from 'node:os';
import { expect, test } from 'vitest';
import { startWorld } from './world.ts';

test('a folder for temporary files that is not there is the mistake of whoever named it', async () => {
  const parent = join(tmpdir(), 'muster-is-not', 'here');
  const { signal } = new AbortController();
  await expect(startWorld({ keep: false, env: {}, parent }, signal)).rejects.toMatchObject({
    exitCode: 2,
    message: `cannot make a folder in ${parent}: there is no such file or folder (TMPDIR names another)`,
  });
});
