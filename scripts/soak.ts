// Runs every soak of the repository, one after another: `pnpm soak [--seconds 600] [NAME...]`. A soak is a program
// `*.soak.ts` in the folder `soak` of a package that takes `--seconds N`, prints figures, and ends with 0 when they are as they must be.
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { globSync } from 'node:fs';
import { basename } from 'node:path';
import { parseArgs } from 'node:util';

const { values, positionals } = parseArgs({
  options: { seconds: { type: 'string', default: '600' } },
  allowPositionals: true,
});
const seconds = Number(values.seconds);
if (!(seconds > 0)) throw new Error(`--seconds must be a number above 0, not "${values.seconds}"`);

const root = new URL('..', import.meta.url).pathname;
const soaks = globSync('{packages/*,e2e}/soak/*.soak.ts', { cwd: root })
  .sort()
  .filter((path) => positionals.length === 0 || positionals.some((name) => path.includes(name)));
if (soaks.length === 0) throw new Error('there is no such soak');

const failed: string[] = [];
for (const soak of soaks) {
  process.stdout.write(`${soak}, ${seconds} s\n`);
  const child = spawn(process.execPath, [soak, '--seconds', String(seconds)], {
    cwd: root,
    stdio: 'inherit',
  });
  const [code] = (await once(child, 'exit')) as [number | null];
  if (code !== 0) failed.push(basename(soak));
}
process.stdout.write(
  `${soaks.length - failed.length} of ${soaks.length} soaks passed${failed.map((name) => `; ${name} failed`).join('')}\n`,
);
process.exitCode = failed.length === 0 ? 0 : 1;
