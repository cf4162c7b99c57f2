// One container's process: a process group of its own, ended as a whole, its output in a log.
import { spawn } from 'node:child_process';
import type { ChildProcess } from 'node:child_process';
import { constants } from 'node:os';
import type { Clock } from './clock.ts';
import type { Env } from './env.ts';
import type { Janitor } from './janitor.ts';
import type { ContainerLog } from './log.ts';
import type { Command } from './room.ts';
import { killGroup } from './strays.ts';
import type { Strays } from './strays.ts';

export interface Exit {
  exitCode: number;
  /** The number of the signal that ended it. */
  signal?: number;
}

export interface Running {
  pid: number;
  /** Resolves when the whole group is gone and its output is in the log. */
  exited: Promise<Exit>;
  /** To the main process alone, as a container runtime does. */
  terminate(): void;
  kill(): void;
}

export interface Program {
  command: Command;
  env: Env;
  /** The container's root folder, by which its descendants are found. */
  root: string;
  log: ContainerLog;
}

export interface ProcessDeps {
  clock: Clock;
  janitor: Janitor;
  strays: Strays;
}

/** How long output may still come from somebody who escaped with our pipe. */
const DRAIN_MS = 1000;

/** Throws what `spawn` says when the program cannot be started. */
export async function startProcess(program: Program, deps: ProcessDeps): Promise<Running> {
  const { argv, cwd } = program.command;
  const [file = '', ...args] = argv;
  const child = spawn(file, args, {
    cwd,
    env: program.env,
    detached: true,
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  const exited = endOf(child, program, deps);
  await new Promise<void>((resolve, reject) => {
    child.once('spawn', resolve);
    child.once('error', reject);
  });
  const pid = child.pid ?? 0;
  return {
    pid,
    exited,
    terminate: () => void child.kill('SIGTERM'),
    kill: () => void killGroup(pid, 'SIGKILL'),
  };
}

async function endOf(child: ChildProcess, program: Program, deps: ProcessDeps): Promise<Exit> {
  const { log, root } = program;
  for (const stream of [child.stdout, child.stderr]) {
    const writer = log.writer();
    stream?.on('data', (chunk: Buffer) => {
      writer.write(chunk);
    });
    stream?.on('close', () => {
      writer.end();
    });
  }
  const closed = new Promise<void>((resolve) => {
    child.once('close', () => {
      resolve();
    });
  });
  const { pid } = child;
  // Without a pid it never started: `error` follows, and then `close`.
  if (pid === undefined) return closed.then(() => ({ exitCode: 128 }));
  deps.janitor.started(pid);
  const exit = await exitOf(child);
  killGroup(pid, 'SIGKILL');
  await deps.strays.end(root);
  deps.janitor.ended(pid);
  await drained(child, closed, deps.clock);
  return exit;
}

const exitOf = (child: ChildProcess): Promise<Exit> =>
  new Promise((resolve) => {
    child.once('exit', (code, name) => {
      const signal = name === null ? undefined : constants.signals[name];
      if (signal === undefined) resolve({ exitCode: code ?? 0 });
      else resolve({ exitCode: 128 + signal, signal });
    });
  });

async function drained(child: ChildProcess, closed: Promise<void>, clock: Clock): Promise<void> {
  const cancel = clock.setTimeout(() => {
    child.stdout?.destroy();
    child.stderr?.destroy();
  }, DRAIN_MS);
  await closed;
  cancel();
}
