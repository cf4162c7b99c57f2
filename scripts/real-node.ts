// A real node for a cluster that ../shared/cluster has started, with the image that the kubelet's suite runs: a static busybox.
import { execFile } from 'node:child_process';
import { existsSync } from 'node:fs';
import { chmod, copyFile, mkdir, mkdtemp, rm, symlink } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';

const IMAGE = 'muster.test/busybox:1.35';
const BUSYBOX = ['/bin/busybox', '/usr/bin/busybox'];
const run = promisify(execFile);

const busybox = (): string | undefined => BUSYBOX.find((path) => existsSync(path));

/** Why this machine can have no real node; undefined when it can. */
export function nodeObstacle(): string | undefined {
  if (process.getuid?.() !== 0) return 'it needs root';
  if (busybox() === undefined) return 'it needs a static busybox (Debian busybox-static)';
  return undefined;
}

/** The cluster in the folder has a node that is ready, with the image; it goes with the cluster. */
export async function addNode(launcher: string, cluster: string): Promise<void> {
  await run(join(launcher, 'node-up'), [cluster]);
  const dir = await mkdtemp(join(tmpdir(), 'muster-image-'));
  try {
    const root = await rootFolder(dir);
    const archive = join(dir, 'busybox.tar');
    await run(join(launcher, 'pack-image'), [archive, IMAGE, root, '--', 'sh']);
    await run(join(launcher, 'load-image'), [cluster, archive]);
  } finally {
    await rm(dir, { recursive: true, force: true });
  }
}

async function rootFolder(dir: string): Promise<string> {
  const from = busybox() ?? '';
  const root = join(dir, 'root');
  for (const folder of ['bin', 'dev', 'etc', 'proc', 'tmp']) {
    await mkdir(join(root, folder), { recursive: true });
  }
  await chmod(join(root, 'tmp'), 0o1777);
  await copyFile(from, join(root, 'bin', 'busybox'));
  const { stdout } = await run(from, ['--list']);
  // It names itself too, and must not become a link to itself.
  const names = stdout.split('\n').filter((name) => name !== '' && name !== 'busybox');
  for (const name of names) await symlink('busybox', join(root, 'bin', name));
  return root;
}
