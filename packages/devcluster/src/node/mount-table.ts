// What is mounted in a container, as an fstab. The container's root is a folder of its own; what the
// machine has in its root is bound into it, and so is each volume at its path. A folder of the machine
// that lacks a mount point is remade the same way, entry by entry, with the mount point added.
import {
  mkdirSync,
  readdirSync,
  readlinkSync,
  realpathSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { basename, dirname, join } from 'node:path';
import type { Mount } from './mounts.ts';
import type { RoomWish } from './room.ts';

/** As OCI runtimes give them to every container. */
const DEVICES: ReadonlySet<string> = new Set(
  'null zero full random urandom tty ptmx pts shm mqueue fd stdin stdout stderr core'.split(' '),
);

/**
 * Makes the folders below the container's own and answers the table. Synchronous on purpose: it is some
 * hundred tiny calls, and handing each to another thread would cost several times as much.
 */
export const mountTable = (wish: RoomWish): string => new MountTable(wish).lines().join('');

type Kind = 'folder' | 'file';

interface Place {
  path: string;
  kind: Kind;
  mount?: Mount;
}

/** A folder that stands for one of the machine. */
interface Remade {
  folder: string;
  lines: string[];
}

class MountTable {
  readonly #wish: RoomWish;
  readonly #remade = new Map<string, Remade>();
  readonly #mounted: { path: string; source: string }[] = [];

  constructor(wish: RoomWish) {
    this.#wish = wish;
  }

  lines(): string[] {
    const { root, mounts, workingDir, isPrivileged } = this.#wish;
    const lines = [line(root, root, 'bind')];
    this.#remade.set('/', { folder: root, lines: entries('/', root, this.#wish) });
    if (!isPrivileged) this.#remake('/dev');
    const places = mounts.map(placeOf);
    const volumes: string[] = [];
    for (const place of [...places, { path: workingDir, kind: 'folder' as const }]) {
      volumes.push(...this.#place(place));
    }
    // Outer folders first: what is bound later covers what is there.
    const remade = [...this.#remade].sort(([a], [b]) => a.length - b.length);
    return [...lines, ...remade.flatMap(([, { lines: own }]) => own), ...volumes];
  }

  /** Sees to it that the place is there, and answers the line that mounts it. */
  #place({ path, kind, mount }: Place): string[] {
    const { there, missing } = trueWay(path);
    const target = join(there, ...missing);
    const around = this.#mounted.findLast((outer) => target.startsWith(`${outer.path}/`));
    const device = this.#remade.get('/dev');
    if (around) make(join(around.source, target.slice(around.path.length)), kind);
    else if (device && target.startsWith('/dev/')) this.#device(target, kind);
    else if (missing.length > 0) make(join(this.#remake(there), ...missing), kind);
    if (mount === undefined) return [];
    this.#mounted.push({ path: target, source: mount.source });
    const options = mount.readOnly ? 'bind,ro' : 'rbind';
    const bound = line(mount.source, join(this.#wish.root, target), options);
    return [bound, ...this.#keep(target, mount.source)];
  }

  /**
   * An image is made of the machine's own files, so what it needs of a covered folder shows through,
   * by the entry of that folder in which it lies. A folder of the machine gets no new entries for it.
   */
  #keep(covered: string, source: string): string[] {
    const { root, needs } = this.#wish;
    const inside = needs.filter((path) => path.startsWith(`${covered}/`));
    const kept = new Set(inside.map((path) => path.slice(covered.length + 1).split('/')[0] ?? ''));
    const lines: string[] = [];
    for (const name of kept) {
      const entry = join(covered, name);
      const found = statSync(entry, { throwIfNoEntry: false });
      const place = join(source, name);
      if (found === undefined || !source.startsWith(dirname(dirname(dirname(root))))) continue;
      make(place, found.isDirectory() ? 'folder' : 'file');
      lines.push(line(entry, join(root, entry), 'rbind'));
    }
    return lines;
  }

  /** Of the machine's devices a container has a few, so one that is there may be missing. */
  #device(target: string, kind: Kind): void {
    const [, , name = ''] = target.split('/');
    if (!DEVICES.has(name)) make(join(this.#remake('/dev'), target.slice(5)), kind);
  }

  /** Answers the folder that stands for that one. */
  #remake(path: string): string {
    const known = this.#remade.get(path);
    if (known !== undefined) return known.folder;
    const { root } = this.#wish;
    const folder = join(dirname(root), 'remade', String(this.#remade.size));
    mkdirSync(folder, { recursive: true });
    const lines = entries(path, folder, this.#wish);
    this.#remade.set(path, { folder, lines: [...lines, line(folder, join(root, path), 'rbind')] });
    return folder;
  }
}

const placeOf = (mount: Mount): Place => {
  const kind = statSync(mount.source).isDirectory() ? 'folder' : 'file';
  return { path: mount.path, kind, mount };
};

/** Makes the folder's entries below another one; answers the lines that fill them. */
function entries(from: string, to: string, wish: RoomWish): string[] {
  const isWanted = (name: string): boolean =>
    from !== '/dev' || wish.isPrivileged || DEVICES.has(name);
  const holdsUs = (name: string): boolean => wish.root.startsWith(`${join(from, name)}/`);
  const found = readdirSync(from, { withFileTypes: true });
  const lines: string[] = [];
  for (const entry of found.filter(({ name }) => isWanted(name))) {
    const source = join(from, entry.name);
    const target = join(to, entry.name);
    if (entry.isSymbolicLink()) symlinkSync(readlinkSync(source), target);
    else {
      make(target, entry.isDirectory() ? 'folder' : 'file');
      const bound = line(source, target, 'rbind');
      // Bound first, while nothing is mounted in our own folder that would be bound once more.
      if (holdsUs(entry.name)) lines.unshift(bound);
      else lines.push(bound);
    }
  }
  return lines;
}

// Others may remove an entry of a folder while we remake it: then it is not there.
const line = (source: string, target: string, options: string): string =>
  `${escaped(source)} ${escaped(target)} none ${options},nofail 0 0\n`;

const escaped = (path: string): string =>
  path.replaceAll(/[\s\\]/g, (one) => `\\${one.charCodeAt(0).toString(8).padStart(3, '0')}`);

function make(path: string, kind: Kind): void {
  mkdirSync(kind === 'folder' ? path : dirname(path), { recursive: true });
  if (kind === 'file') writeFileSync(path, '', { flag: 'a' });
}

/** How far a path goes on this machine, links followed, and what of it is missing. */
function trueWay(path: string): { there: string; missing: string[] } {
  const missing: string[] = [];
  for (let way = path; ; way = dirname(way)) {
    try {
      return { there: realpathSync(way), missing };
    } catch (error) {
      if (way === '/') throw error;
      missing.unshift(basename(way));
    }
  }
}
