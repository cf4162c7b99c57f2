// One program of ours as a child process: start, wait until it is ready, stop. It ends with us,
// however we end, because it reads our end of a pipe.
import { spawn } from 'node:child_process';
import { open, readFile } from 'node:fs/promises';
import { createInterface } from 'node:readline';
import { CliError } from '../errors.ts';
import type { ChildProcess } from 'node:child_process';

const READY = 'ready ';
const LOG_LINES = 5;

export interface ProgramSpec {
  name: string;
  /** The file that Node runs. */
  main: string;
  args: readonly string[];
  logFile: string;
  env: NodeJS.ProcessEnv;
  /** It stays when we end. */
  keep: boolean;
}

export interface Program {
  readonly pid: number;
  /** What it said after `ready`. */
  readonly address: string;
  /** Resolves when it has ended, for whatever reason, with how it did and what it said last. */
  readonly ended: Promise<string>;
  stop(): Promise<void>;
}

/** Throws a CliError with its last words when it ends before it is ready. */
export async function startProgram(spec: ProgramSpec): Promise<Program> {
  const log = await open(spec.logFile, 'a', 0o600);
  const args = [spec.main, ...spec.args, ...(spec.keep ? [] : ['--with-parent'])];
  const child = spawn(process.execPath, args, {
    stdio: [spec.keep ? 'ignore' : 'pipe', 'pipe', log.fd],
    env: spec.env,
    // Ctrl-C is for us; we stop our programs in order.
    detached: true,
  });
  await log.close();
  const ended = endOf(child).then((how) => obituary(spec, how));
  const address = await Promise.race([readiness(child), ended.then(tooEarly)]);
  if (spec.keep) letGo(child);
  const stop = async (): Promise<void> => {
    // One that was let go does not keep us alive, and its end is waited for.
    child.ref();
    child.kill('SIGTERM');
    await ended;
  };
  return { pid: child.pid ?? 0, address, ended, stop };
}

function endOf(child: ChildProcess): Promise<string> {
  return new Promise((resolve) => {
    child.once('error', (error) => {
      resolve(error.message);
    });
    child.once('exit', (code, signal) => {
      resolve(signal ?? `exit code ${String(code)}`);
    });
  });
}

function readiness(child: ChildProcess): Promise<string> {
  return new Promise((resolve) => {
    if (child.stdout === null) return;
    createInterface({ input: child.stdout }).on('line', (line) => {
      if (line.startsWith(READY)) resolve(line.slice(READY.length));
    });
  });
}

async function obituary({ name, logFile }: ProgramSpec, how: string): Promise<string> {
  // The log goes with its folder.
  const log = await readFile(logFile, 'utf8').catch(() => '');
  const lines = log.trim().split('\n').slice(-LOG_LINES);
  return [`the ${name} ended by itself (${how})`, ...lines].join('\n').trim();
}

function tooEarly(obituary: string): never {
  throw new CliError('ours', obituary);
}

function letGo(child: ChildProcess): void {
  child.unref();
  child.stdout?.destroy();
}
