// Which program of this machine a container is.
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { expand } from './env.ts';
import type { Env } from './env.ts';
import type { Image } from './images.ts';
import type { Container } from './pod.ts';

/** Throws when neither the container nor its image says what to run. */
export function argvOf(
  container: Container,
  image: Image,
  at: { root: string; env: Env },
): string[] {
  const own = (container.command ?? []).map((word) => expand(word, at.env));
  const args = (container.args ?? []).map((word) => expand(word, at.env));
  const [program, ...rest] = own;
  if (program === undefined) {
    if (image.entrypoint === undefined) throw new Error('no command specified');
    return [...image.entrypoint, ...args];
  }
  const found = image.programs?.[program] ?? [mounted(program, at.root)];
  return [...found, ...rest, ...args];
}

/** A program may lie in a volume; everything else is the machine's own. */
function mounted(program: string, root: string): string {
  const inside = join(root, program);
  return program.startsWith('/') && existsSync(inside) ? inside : program;
}
