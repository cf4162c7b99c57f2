// A room with a mount namespace of its own, which goes with the last process that sees it. Nothing is
// made on the machine outside the container's folder.
import { spawn } from 'node:child_process';
import { existsSync } from 'node:fs';
import { mkdir, mkdtemp, open, rm, writeFile } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import { mountTable } from './mount-table.ts';
import type { MakeRoom } from './room.ts';

const PLACES = ['/usr/bin', '/bin', '/usr/sbin', '/sbin'];

/**
 * Mounts what the table says, makes the folder the root, and looks for the program; then it waits
 * for the end of its input, so that somebody can take hold of the namespace.
 */
const SCRIPT = `
mount -a -T "$1"
cd "$2"
pivot_root . .
umount -l .
cd "$3"
PATH=$4
command -v -- "$5" >/dev/null || {
  echo "exec: \\"$5\\": no such file or directory, or not executable" >&2
  exit 1
}
echo there
read -r end || exit 0
`;

export const namespaceRoom: MakeRoom = async (wish) => {
  const tablePath = join(dirname(wish.root), 'mounts');
  await writeFile(tablePath, mountTable(wish));
  const { root, workingDir, path, program } = wish;
  const holder = await hold([tablePath, root, workingDir, path, program]);
  try {
    const namespace = await open(`/proc/${holder.pid}/ns/mnt`);
    const folder = await open(`/proc/${holder.pid}/root${workingDir}`);
    const ours = `/proc/${process.pid}/fd`;
    const enter = [
      toolOf('nsenter'),
      `--mount=${ours}/${namespace.fd}`,
      // Opened through the namespace, so that what is relative to it sees the mounts as well.
      `--wd=${ours}/${folder.fd}`,
      '--',
    ];
    return {
      env: {},
      command: (argv) => ({ argv: [...enter, ...argv], cwd: '/' }),
      close: async () => {
        await Promise.all([namespace.close(), folder.close()]);
      },
    };
  } finally {
    holder.letGo();
  }
};

/** Whether this machine lets us: root, util-linux, and the right to mount. Tried, not guessed. */
export async function hasNamespaces(dir: string): Promise<boolean> {
  if (process.platform !== 'linux' || process.getuid?.() !== 0) return false;
  const trial = await mkdtemp(join(dir, 'trial-'));
  try {
    const root = join(trial, 'root');
    await mkdir(root);
    const mounts = [{ source: trial, path: join('/run', basename(trial)), readOnly: true }];
    const room = await namespaceRoom({
      ...{ root, mounts, workingDir: '/', program: 'test', path: PLACES.join(':') },
      needs: [],
      isPrivileged: false,
    });
    const entered = await runsWell(
      room.command(['test', '-e', `${mounts[0]?.path ?? ''}/mounts`]).argv,
    );
    await room.close();
    return entered;
  } catch {
    return false;
  } finally {
    await rm(trial, { recursive: true, force: true });
  }
}

const runsWell = ([file = '', ...args]: string[]): Promise<boolean> =>
  new Promise((resolve) => {
    const child = spawn(file, args, { stdio: 'ignore', env: { PATH: PLACES.join(':') } });
    child.once('error', () => {
      resolve(false);
    });
    child.once('exit', (code) => {
      resolve(code === 0);
    });
  });

function toolOf(name: string): string {
  const found = PLACES.map((place) => join(place, name)).find(existsSync);
  if (found === undefined) throw new Error(`this machine has no ${name}`);
  return found;
}

interface Holder {
  pid: number;
  letGo(): void;
}

/** A process that keeps the namespace until it is let go, or we are gone. */
async function hold(args: readonly string[]): Promise<Holder> {
  const unshare = ['--mount', '--propagation', 'private', '--'];
  const shell = [toolOf('sh'), '-ec', SCRIPT, 'sh', ...args];
  const child = spawn(toolOf('unshare'), [...unshare, ...shell], {
    stdio: ['pipe', 'pipe', 'pipe'],
    env: { PATH: PLACES.join(':') },
  });
  let complaint = '';
  child.stderr.setEncoding('utf8').on('data', (text: string) => (complaint += text));
  child.stdin.on('error', () => undefined);
  await new Promise<void>((resolve, reject) => {
    child.once('error', reject);
    child.stdout.once('data', () => {
      resolve();
    });
    child.once('close', () => {
      reject(new Error(complaint.trim() || 'the container has no mount namespace'));
    });
  });
  return { pid: child.pid ?? 0, letGo: () => child.stdin.end() };
}
