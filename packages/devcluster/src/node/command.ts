// Which program of this machine a container is.
import { expand } from './env.ts';
import type { Env } from './env.ts';
import type { Image } from './images.ts';
import type { Container } from './pod.ts';

/** Throws when neither the container nor its image says what to run. */
export function argvOf(container: Container, image: Image, env: Env): string[] {
  const own = (container.command ?? []).map((word) => expand(word, env));
  const args = (container.args ?? []).map((word) => expand(word, env));
  const [program, ...rest] = own;
  if (program === undefined) {
    if (image.entrypoint === undefined) throw new Error('no command specified');
    return [...image.entrypoint, ...args];
  }
  const found = image.programs?.[program] ?? [program];
  return [...found, ...rest, ...args];
}
