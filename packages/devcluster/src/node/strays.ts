// Ends what left its process group. On Linux a container's descendants are found by their root folder,
// or, where containers have none of their own, by the variable that names it. Elsewhere only the
// groups are known.
import { globSync, readFileSync, readdirSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { ROOT_VARIABLE } from './room.ts';

/** How a process is seen to belong to a container. */
export type Sign = 'root' | 'variable';

const ROUNDS = 20;

/** Answers whether there was such a group. */
export function killGroup(group: number, signal: NodeJS.Signals): boolean {
  // -1 would mean everybody, and 0 ourselves.
  if (!Number.isInteger(group) || group <= 1) return false;
  try {
    process.kill(-group, signal);
    return true;
  } catch {
    return false;
  }
}

interface Marked {
  pid: number;
  mark: string;
}

export class Strays {
  readonly #sign: Sign;
  #looking: Promise<Marked[]> | undefined;

  constructor(sign: Sign) {
    this.#sign = sign;
  }

  /** Kills every process whose container root is that folder or below it, until none is left. */
  async end(folder: string): Promise<void> {
    if (process.platform !== 'linux') return;
    const isTheirs = this.#sign === 'root' ? hasRootIn(folder) : isWithin(folder);
    // What is found may fork before it is killed, so look until a round finds nothing.
    for (let round = 0; round < ROUNDS; round++) {
      const found = (await this.#look()).filter(({ mark }) => isTheirs(mark));
      for (const { pid } of found) kill(pid);
      if (found.length === 0) return;
    }
  }

  /** One look at all processes serves everybody who asks in the same turn. */
  #look(): Promise<Marked[]> {
    this.#looking ??= new Promise((resolve) => {
      setImmediate(() => {
        this.#looking = undefined;
        resolve(marked(this.#sign === 'root' ? rootFolderOf : rootVariableOf));
      });
    });
    return this.#looking;
  }
}

const isWithin =
  (folder: string) =>
  (path: string): boolean =>
    path === folder || path.startsWith(`${folder}/`);

function kill(pid: number): void {
  try {
    process.kill(pid, 'SIGKILL');
  } catch {
    // It ended by itself meanwhile.
  }
}

function marked(markOf: (pid: number) => string): Marked[] {
  const found: Marked[] = [];
  for (const name of readdirSync('/proc')) {
    const pid = Number(name);
    if (!Number.isInteger(pid) || pid === process.pid) continue;
    try {
      found.push({ pid, mark: markOf(pid) });
    } catch {
      // Ended, or another user's.
    }
  }
  return found;
}

function identity(path: string): string {
  const { dev, ino } = statSync(path);
  return `${dev}:${ino}`;
}

const rootFolderOf = (pid: number): string => identity(`/proc/${pid}/root/.`);

/** The folder is a container's root, or that of a node and all its pods. */
function hasRootIn(folder: string): (mark: string) => boolean {
  const below = globSync('*/containers/*/root', { cwd: folder }).map((root) => join(folder, root));
  const known = new Set([folder, ...below].map(identity));
  return (mark) => known.has(mark);
}

function rootVariableOf(pid: number): string {
  const env = `\0${readFileSync(`/proc/${pid}/environ`, 'latin1')}`;
  const start = env.indexOf(`\0${ROOT_VARIABLE}=`);
  if (start < 0) return '';
  const from = start + ROOT_VARIABLE.length + 2;
  return env.slice(from, env.indexOf('\0', from));
}
