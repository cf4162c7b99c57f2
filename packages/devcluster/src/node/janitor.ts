// The last one to leave: a small process of its own that ends what we started, should we be killed
// without a chance to do it ourselves. It learns of our end by the pipe between us.
import { spawn } from 'node:child_process';
import { Socket } from 'node:net';
import { fileURLToPath } from 'node:url';
import type { Sign } from './strays.ts';

export interface Janitor {
  /** A process group that must not outlive us. */
  started(group: number): void;
  ended(group: number): void;
  /** All is in order; it goes away without doing anything. */
  dismiss(): Promise<void>;
}

const PROGRAM = fileURLToPath(new URL('./janitor-main.ts', import.meta.url));

/** Watches over one node's folder; when we vanish the folder goes too. */
export function hireJanitor(dir: string, sign: Sign): Janitor {
  const child = spawn(process.execPath, [PROGRAM, dir, sign], {
    detached: true,
    stdio: ['pipe', 'ignore', 'ignore'],
    env: {},
  });
  const gone = new Promise<void>((resolve) => {
    child.once('error', () => {
      resolve();
    });
    child.once('exit', () => {
      resolve();
    });
  });
  const { stdin } = child;
  // Without it nothing is lost but the safety net; a write to the closed pipe is no reason to stop.
  stdin.on('error', () => undefined);
  child.unref();
  // Neither may the pipe alone keep our process alive.
  if (stdin instanceof Socket) stdin.unref();
  const tell = (line: string): void => {
    if (stdin.writable) stdin.write(`${line}\n`);
  };
  return {
    started: (group) => {
      tell(`+${group}`);
    },
    ended: (group) => {
      tell(`-${group}`);
    },
    dismiss: async () => {
      child.ref();
      child.kill('SIGKILL');
      await gone;
    },
  };
}
