// Where a container's programs run: with a mount namespace its mounts are where it expects them;
// without one they are links below a folder, which a variable names.
import { existsSync } from 'node:fs';
import { lstat, mkdir, rmdir, symlink, unlink } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import type { Env } from './env.ts';
import { within } from './mounts.ts';
import type { Mount } from './mounts.ts';
import { MissingError } from './sources.ts';

export interface RoomWish {
  /** A folder of the container's own, empty. */
  root: string;
  mounts: readonly Mount[];
  workingDir: string;
  /** The program that is to run there, and where it is looked for. */
  program: string;
  path: string;
  /** What programs need of the machine, be it in a folder that a mount covers. */
  needs: readonly string[];
  /** Sees all the machine's devices. */
  isPrivileged: boolean;
}

/** How to start a program of the container on this machine. */
export interface Command {
  argv: string[];
  cwd: string;
}

export interface Room {
  /** What a program must know to find its mounts. */
  readonly env: Env;
  command(argv: readonly string[]): Command;
  /** What runs there goes on; nothing more can be started. */
  close(): Promise<void>;
}

/** Throws when the mounts cannot be had, or when the program is known not to be there. */
export type MakeRoom = (wish: RoomWish) => Promise<Room>;

export const ROOT_VARIABLE = 'MUSTER_MOUNT_ROOT';

/** Each mount is a link below the root; everything else is the machine's own. */
export const linkedRoom: MakeRoom = async ({ root, mounts, workingDir }) => {
  for (const { source, path } of mounts) {
    const target = within(root, path);
    await mkdir(dirname(target), { recursive: true });
    await clear(target, path);
    await symlink(source, target);
  }
  const cwd = within(root, workingDir);
  await mkdir(cwd, { recursive: true });
  return {
    env: { [ROOT_VARIABLE]: root },
    command: ([program = '', ...args]) => ({ argv: [placeOf(program, root), ...args], cwd }),
    close: () => Promise.resolve(),
  };
};

/** A program may lie in a volume. */
function placeOf(program: string, root: string): string {
  const inside = join(root, program);
  return program.startsWith('/') && existsSync(inside) ? inside : program;
}

/** A path inside another mount lies in that volume, so only what is empty may make way. */
async function clear(target: string, path: string): Promise<void> {
  const there = await lstat(target).catch(() => undefined);
  if (there === undefined) return;
  try {
    await (there.isDirectory() ? rmdir(target) : unlink(target));
  } catch (error) {
    throw new MissingError(`cannot mount at ${path}: the volume around it has files there`, {
      cause: error,
    });
  }
}
