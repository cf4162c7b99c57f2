// The janitor's program: reads `+<group>` and `-<group>` until its input ends, which is when whoever
// hired it is dead; one who ends in good order kills it first.
import { rm } from 'node:fs/promises';
import { createInterface } from 'node:readline';
import { Strays, killGroup } from './strays.ts';

const [dir, sign] = process.argv.slice(2);
const groups = new Set<number>();

// Whatever ends the others must not end it; it goes when its input does.
for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.on(signal, () => undefined);

for await (const line of createInterface({ input: process.stdin })) {
  const group = Number(line.slice(1));
  if (line.startsWith('+')) groups.add(group);
  else groups.delete(group);
}

if (dir !== undefined) {
  for (const group of groups) killGroup(group, 'SIGKILL');
  await new Strays(sign === 'root' ? 'root' : 'variable').end(dir);
  await rm(dir, { recursive: true, force: true, maxRetries: 5, retryDelay: 50 });
}
