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
  const onAbort = (): void => {
    void endTree(child);
  };
  signal.addEventListener('abort', onAbort, { once: true });
  try {
    const exit = await exited;
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
  const tree = await treeOf(pid);
  send(tree, 'SIGTERM');
  // Children outlive a parent that obeyed, so the wait is for all of them.
  for (let waitedMs = 0; waitedMs < GRACE_MS && tree.some(isAlive); waitedMs += 50) await delay(50);
  send([...new Set([...tree, ...(await treeOf(pid))])], 'SIGKILL');
}

function send(pids: readonly number[], signal: NodeJS.Signals): void {
  for (const pid of pids) {
    try {
      process.kill(pid, signal);
    } catch {
      // It has ended by itself.
    }
  }
}

function isAlive(pid: number): boolean {
  try {
    return process.kill(pid, 0);
  } catch {
    return false;
  }
}

/** The process and all that descend from it, children first. */
async function treeOf(root: number): Promise<number[]> {
  const { stdout } = await promisify(execFile)('ps', ['-A', '-o', 'pid=,ppid=']);
  const children = new Map<number, number[]>();
  for (const line of stdout.trim().split('\n')) {
    const [pid = 0, parent = 0] = line.trim().split(/\s+/).map(Number);
    children.set(parent, [...(children.get(parent) ?? []), pid]);
  }
  const walk = (pid: number): number[] => [...(children.get(pid) ?? []).flatMap(walk), pid];
  return walk(root);
}
