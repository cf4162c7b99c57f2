// A program under a story's eyes: what it says, and how it ends.
import { spawn } from 'node:child_process';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import type { ChildProcess } from 'node:child_process';

interface Ended {
  code: number | null;
  signal: NodeJS.Signals | null;
  out: string;
  err: string;
}

export interface Program {
  readonly pid: number;
  readonly ended: Promise<Ended>;
  /** The first line of stdout or stderr that matches; rejects when the program ends without. */
  says(pattern: RegExp): Promise<string>;
  /** To the program alone. */
  kill(signal: NodeJS.Signals): void;
  /** To its process group, as a terminal does at Ctrl-C. */
  killGroup(signal: NodeJS.Signals): void;
  /** Nobody reads what it says any more. */
  closeOutput(): void;
}

export interface ProgramWish {
  /** The arguments of Node. */
  args: readonly string[];
  cwd: string;
  env: NodeJS.ProcessEnv;
}

export const programFile = (specifier: string): string =>
  fileURLToPath(import.meta.resolve(specifier));

export function startProgram({ args, cwd, env }: ProgramWish): Program {
  const child = spawn(process.execPath, args, {
    cwd,
    env,
    stdio: ['ignore', 'pipe', 'pipe'],
    detached: true,
  });
  const output = outputOf(child);
  const ended = endOf(child, output);
  const pid = child.pid ?? 0;
  return {
    pid,
    ended,
    says: (pattern) => Promise.race([output.line(pattern), withoutSaying(pattern, ended)]),
    kill: (signal) => void child.kill(signal),
    killGroup: (signal) => void process.kill(-pid, signal),
    closeOutput: () => child.stdout.destroy(),
  };
}

interface Output {
  out: string;
  err: string;
  line(pattern: RegExp): Promise<string>;
}

function outputOf(child: ChildProcess): Output {
  const lines: string[] = [];
  const waiting = new Set<(line: string) => void>();
  const output: Output = {
    out: '',
    err: '',
    line: (pattern) =>
      new Promise((resolve) => {
        const look = (line: string): void => {
          if (!pattern.test(line)) return;
          waiting.delete(look);
          resolve(line);
        };
        waiting.add(look);
        lines.forEach(look);
      }),
  };
  for (const name of ['stdout', 'stderr'] as const) {
    const stream = child[name];
    if (stream === null) continue;
    stream.on('data', (chunk: Buffer) => {
      output[name === 'stdout' ? 'out' : 'err'] += chunk.toString();
    });
    createInterface({ input: stream }).on('line', (line) => {
      lines.push(line);
      for (const look of [...waiting]) look(line);
    });
  }
  return output;
}

function endOf(child: ChildProcess, output: Output): Promise<Ended> {
  return new Promise((resolve, reject) => {
    child.once('error', reject);
    child.once('close', (code, signal) => {
      resolve({ code, signal, out: output.out, err: output.err });
    });
  });
}

async function withoutSaying(pattern: RegExp, ended: Promise<Ended>): Promise<never> {
  const { code, out, err } = await ended;
  throw new Error(`ended (${String(code)}) without saying ${String(pattern)}:\n${out}${err}`);
}
