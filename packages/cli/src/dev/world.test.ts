import { join } from 'node:path';
import { tmpdir } from 'node:os';
import { expect, test } from 'vitest';
import { CliError } from '../errors.ts';
import { startWorld } from './world.ts';

test('a folder for temporary files that is not there is the mistake of whoever named it', async () => {
  const parent = join(tmpdir(), 'muster-is-not', 'here');
  const { signal } = new AbortController();
  await expect(startWorld({ keep: false, env: {}, parent }, signal)).rejects.toMatchObject({
    exitCode: 2,
    message: `cannot make a folder in ${parent}: there is no such file or folder (TMPDIR names another)`,
  });
});

/** Node ends at once where it does not know an option. */
const failing = { keep: false, env: { NODE_OPTIONS: '--no-such-option' }, parent: tmpdir() };

test('a program that ends before it is ready is told of', async () => {
  const { signal } = new AbortController();
  const starting = startWorld(failing, signal);
  await expect(starting).rejects.toThrow(CliError);
  await expect(starting).rejects.toThrow('the simulator ended by itself (exit code 9)');
});

test('at Ctrl-C it is not: a program that is being forked ends by it too', async () => {
  const starting = startWorld(failing, AbortSignal.abort());
  await expect(starting).rejects.toThrow('stopped');
  await expect(starting).rejects.not.toThrow(CliError);
});
