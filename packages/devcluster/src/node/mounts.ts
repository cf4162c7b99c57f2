// What lies where in a container: its volumes, and the file for its last words.
import { access, mkdir } from 'node:fs/promises';
import { join, normalize, relative } from 'node:path';
import { expand } from './env.ts';
import type { Env } from './env.ts';
import type { Container, Pod, Volume } from './pod.ts';
import { MissingError } from './sources.ts';

export interface Mount {
  /** Where it lies on this machine. */
  source: string;
  /** Where the container expects it. */
  path: string;
  readOnly: boolean;
}

/** What is written by the node is only read in a container, whatever its mount says. */
const isFilled = ({ secret, configMap, projected, downwardAPI }: Volume): boolean =>
  [secret, configMap, projected, downwardAPI].some((source) => source !== undefined);

/** What is mounted where, outer paths first. Sources that are not there yet are made. */
export async function mountsOf(
  pod: Pod,
  container: Container,
  at: { dir: string; env: Env },
): Promise<Mount[]> {
  const volumes = new Map((pod.spec.volumes ?? []).map((volume) => [volume.name, volume]));
  const mounts = (container.volumeMounts ?? []).map((mount) => {
    const volume = volumes.get(mount.name) ?? { name: mount.name };
    const root = volume.hostPath?.path ?? join(at.dir, mount.name);
    const { subPathExpr } = mount;
    const below = subPathExpr === undefined ? mount.subPath : expand(subPathExpr, at.env);
    return {
      path: normalize(join('/', mount.mountPath)).replace(/(?<=.)\/$/, ''),
      source: below === undefined || below === '' ? root : within(root, below),
      readOnly: mount.readOnly === true || isFilled(volume),
    };
  });
  for (const { source } of mounts) {
    // As Kubernetes does for a subPath that is not there yet.
    if (!(await exists(source))) await mkdir(source, { recursive: true, mode: 0o777 });
  }
  return mounts.sort((a, b) => a.path.length - b.path.length);
}

/** A path below a folder; one that leads out of it is refused. */
export function within(dir: string, path: string): string {
  const target = join(dir, normalize(path));
  if (relative(dir, target).startsWith('..')) throw new MissingError(`path ${path} leads outside`);
  return target;
}

const exists = (path: string): Promise<boolean> =>
  access(path).then(
    () => true,
    () => false,
  );
