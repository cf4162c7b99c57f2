// Ends what left its process group: a container's descendants all carry its root folder in their
// environment, and Linux shows that. Elsewhere only the groups are known.
import { readFileSync, readdirSync } from 'node:fs';

const ROOT_VARIABLE = 'MUSTER_MOUNT_ROOT';

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
  root: string;
}

export class Strays {
  #looking: Promise<Marked[]> | undefined;

  /** Kills every process whose container root is that folder or below it, until none is left. */
  async end(folder: string): Promise<void> {
    // What is found may fork before it is killed, so look until a round finds nothing.
    for (let round = 0; round < ROUNDS; round++) {
      const found = (await this.#look()).filter(({ root }) => isWithin(root, folder));
      for (const { pid } of found) kill(pid);
      if (found.length === 0) return;
    }
  }

  /** One look at all processes serves everybody who asks in the same turn. */
  #look(): Promise<Marked[]> {
    this.#looking ??= new Promise((resolve) => {
      setImmediate(() => {
        this.#looking = undefined;
        resolve(process.platform === 'linux' ? marked() : []);
      });
    });
    return this.#looking;
  }
}

const isWithin = (path: string, folder: string): boolean =>
  path === folder || path.startsWith(`${folder}/`);

function kill(pid: number): void {
  try {
    process.kill(pid, 'SIGKILL');
  } catch {
    // It ended by itself meanwhile.
  }
}

function marked(): Marked[] {
  const found: Marked[] = [];
  for (const name of readdirSync('/proc')) {
    const pid = Number(name);
    if (!Number.isInteger(pid) || pid === process.pid) continue;
    const root = rootOf(pid);
    if (root !== undefined) found.push({ pid, root });
  }
  return found;
}

function rootOf(pid: number): string | undefined {
  try {
    const env = `\0${readFileSync(`/proc/${pid}/environ`, 'latin1')}`;
    const start = env.indexOf(`\0${ROOT_VARIABLE}=`);
    if (start < 0) return undefined;
    const from = start + ROOT_VARIABLE.length + 2;
    return env.slice(from, env.indexOf('\0', from));
  } catch {
    // Ended, or another user's.
    return undefined;
  }
}
