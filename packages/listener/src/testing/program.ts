// A listener as a process of its own, started as a pod's container is.
import { spawn } from 'node:child_process';
import { createInterface } from 'node:readline';
import type { ChildProcess } from 'node:child_process';

export interface Program {
  readonly pid: number;
  /** Lines of its log. */
  readonly lines: string[];
  readonly ended: Promise<{ code: number | null; signal: NodeJS.Signals | null }>;
  isAlive: () => boolean;
  kill: (signal: NodeJS.Signals) => void;
}

export function startProgram(file: string, env: Record<string, string>): Program {
  const child: ChildProcess = spawn(process.execPath, [file], {
    env,
    stdio: ['ignore', 'ignore', 'pipe'],
  });
  const lines: string[] = [];
  if (child.stderr) createInterface({ input: child.stderr }).on('line', (line) => lines.push(line));
  return {
    pid: child.pid ?? 0,
    lines,
    ended: new Promise((resolve) => {
      child.once('close', (code, signal) => {
        resolve({ code, signal });
      });
    }),
    isAlive: () => child.exitCode === null && child.signalCode === null,
    kill: (signal) => void child.kill(signal),
  };
}
