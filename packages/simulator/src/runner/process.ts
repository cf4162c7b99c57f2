// Runs one program of a step, line by line, and ends it with all it started when told to.
import { execFile, spawn } from 'node:child_process';
import type { ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { createInterface } from 'node:readline';
import type { Readable } from 'node:stream';
import { setTimeout as delay } from 'node:timers/promises';
import { promisify } from 'node:util';

export interface Command {
  readonly program: string;
  readonly args: readonly string[];
  readonly cwd: string;
  readonly env: Readonly<Record<string, string>>;
  readonly onLine: (line: string) => void;
  /** Ends the program and its children. */
  readonly signal: AbortSignal;
}

export type Exit =
  | { readonly is: 'exited'; readonly code: number }
  | { readonly is: 'ended' }
  | { readonly is: 'not-started'; readonly because: string };

/** Between the polite signal and the other. */
const GRACE_MS = 2_500;
const LOOK_MS = 50;
/** How long output may go on after the program has ended: a child in the background may hold it for ever. */
const DRAIN_MS = 500;

export async function runCommand(command: Command): Promise<Exit> {
  const { program, args, cwd, env, signal } = command;
  if (signal.aborted) return { is: 'ended' };
  // In our own process group, so that whoever kills the group kills the steps too.
  const child = spawn(program, args, { cwd, env, stdio: ['ignore', 'pipe', 'pipe'] });
  const lines = [readLines(child.stdout, command.onLine), readLines(child.stderr, command.onLine)];
  const exited = exitOf(child);
  const wasEnded = (): boolean => signal.aborted;
  let ending = Promise.resolve();
  const onAbort = (): void => {
    ending = endTree(child);
  };
  signal.addEventListener('abort', onAbort, { once: true });
  try {
    const exit = await exited;
    await ending;
    await Promise.race([Promise.all(lines), delay(DRAIN_MS, undefined, { ref: false })]);
    return wasEnded() ? { is: 'ended' } : exit;
  } finally {
    signal.removeEventListener('abort', onAbort);
    child.stdout.destroy();
    child.stderr.destroy();
  }
}

async function readLines(stream: Readable, onLine: (line: string) => void): Promise<void> {
  for await (const line of createInterface({ input: stream, crlfDelay: Infinity })) onLine(line);
}

async function exitOf(child: ChildProcess): Promise<Exit> {
  try {
    const [code, signal] = (await once(child, 'exit')) as [number | null, NodeJS.Signals | null];
    return { is: 'exited', code: code ?? 128 + (SIGNAL_NUMBERS[signal ?? ''] ?? 0) };
  } catch (error) {
    return { is: 'not-started', because: error instanceof Error ? error.message : String(error) };
  }
}

const SIGNAL_NUMBERS: Readonly<Record<string, number>> = {
  SIGHUP: 1,
  SIGINT: 2,
  SIGABRT: 6,
  SIGKILL: 9,
  SIGSEGV: 11,
  SIGTERM: 15,
};

async function endTree(child: ChildProcess): Promise<void> {
  const { pid } = child;
  if (pid === undefined) return;
  // Remembered: a child whose parent obeys at once is nobody's any more, and could not be found again.
  const tree = new Set(treeOf(pid, await livingProcesses()));
  send(tree, 'SIGTERM');
  for (let waitedMs = 0; waitedMs < GRACE_MS; waitedMs += LOOK_MS) {
    await delay(LOOK_MS);
    const living = await livingProcesses();
    for (const one of [...tree].flatMap((member) => treeOf(member, living))) tree.add(one);
    if (!living.some((one) => tree.has(one.pid))) return;
  }
  send(tree, 'SIGKILL');
}

function send(pids: Iterable<number>, signal: NodeJS.Signals): void {
  for (const pid of pids) {
    try {
      process.kill(pid, signal);
    } catch {
      // It has ended by itself.
    }
  }
}

interface LivingProcess {
  readonly pid: number;
  readonly parent: number;
}

async function livingProcesses(): Promise<LivingProcess[]> {
  const { stdout } = await promisify(execFile)('ps', ['-A', '-o', 'pid=,ppid=,stat=']);
  return stdout.split('\n').flatMap((line) => {
    const [pid = '', parent = '', state = ''] = line.trim().split(/\s+/);
    // A zombie has ended; its parent has only not asked how.
    return pid === '' || state.startsWith('Z')
      ? []
      : [{ pid: Number(pid), parent: Number(parent) }];
  });
}

/** The process and all that descend from it, children first. */
function treeOf(root: number, living: readonly LivingProcess[]): number[] {
  const children = living.filter(({ parent }) => parent === root);
  return [...children.flatMap(({ pid }) => treeOf(pid, living)), root];
}
