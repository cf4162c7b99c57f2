// A pod's volumes as folders, kept up to date.
import {
  chmod,
  mkdir,
  mkdtemp,
  readFile,
  readdir,
  readlink,
  rename,
  rm,
  symlink,
  writeFile,
} from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import { downwardValue } from './fields.ts';
import type { Placed } from './fields.ts';
import { notFound } from './env.ts';
import { within } from './mounts.ts';
import type { DownwardItem, KeyToPath, Projection, Volume } from './pod.ts';
import { MissingError } from './sources.ts';
import type { SourceKind, Sources } from './sources.ts';

export interface VolumeInput {
  placed: Placed;
  sources: Sources;
  /** The folder that holds a folder for each volume. */
  dir: string;
}

interface File {
  content: Buffer;
  mode: number;
}

type Files = Map<string, File>;

const DEFAULT_MODE = 0o644;
const TOKEN_SECONDS = 3600;
const CONFIG_KEY = 'configmap references non-existent config';

/**
 * Brings all volumes up to date; files that did not change are not touched.
 * Throws `MissingError`, named after the volume, when something is not there.
 */
export async function fillVolumes(input: VolumeInput): Promise<void> {
  for (const volume of input.placed.pod.spec.volumes ?? []) await fill(volume, input);
}

async function fill(volume: Volume, input: VolumeInput): Promise<void> {
  const dir = join(input.dir, volume.name);
  if (volume.hostPath) return;
  if ((await mkdir(dir, { recursive: true })) !== undefined) await chmod(dir, 0o777);
  if (volume.emptyDir || volume.ephemeral) return;
  try {
    await write(dir, await contentOf(volume, input));
  } catch (error) {
    if (!(error instanceof MissingError)) throw error;
    throw new MissingError(
      `MountVolume.SetUp failed for volume "${volume.name}" : ${error.message}`,
    );
  }
}

async function contentOf(volume: Volume, input: VolumeInput): Promise<Files> {
  const { secret, configMap, downwardAPI, projected } = volume;
  if (secret) {
    const { secretName, ...rest } = secret;
    const projection = { secret: { ...rest, ...(secretName && { name: secretName }) } };
    return projectAll([projection], secret.defaultMode, input);
  }
  if (configMap) return projectAll([{ configMap }], configMap.defaultMode, input);
  if (downwardAPI) return projectAll([{ downwardAPI }], downwardAPI.defaultMode, input);
  if (projected) return projectAll(projected.sources ?? [], projected.defaultMode, input);
  const type = Object.keys(volume).find((key) => key !== 'name') ?? 'none';
  throw new MissingError(`this node has no volumes of type ${type}`);
}

async function projectAll(
  projections: readonly Projection[],
  mode: number | undefined,
  input: VolumeInput,
): Promise<Files> {
  const all: Files = new Map();
  for (const projection of projections) {
    const files = await project(projection, mode ?? DEFAULT_MODE, input);
    for (const [path, file] of files) all.set(path, file);
  }
  return all;
}

async function project(
  { secret, configMap, downwardAPI, serviceAccountToken }: Projection,
  mode: number,
  { placed, sources }: VolumeInput,
): Promise<Files> {
  if (serviceAccountToken) {
    const { audience, expirationSeconds = TOKEN_SECONDS, path } = serviceAccountToken;
    const token = await sources.token(audience, expirationSeconds);
    return new Map([[path, { content: Buffer.from(token), mode }]]);
  }
  if (downwardAPI) return downwardFiles(downwardAPI.items ?? [], placed, mode);
  if (secret) return dataFiles('secret', secret, { sources, mode });
  if (configMap) return dataFiles('configmap', configMap, { sources, mode });
  throw new MissingError('this node does not know that projection');
}

async function dataFiles(
  kind: SourceKind,
  { name = '', items, optional = false }: DataRef,
  { sources, mode }: { sources: Sources; mode: number },
): Promise<Files> {
  const data = name === '' ? undefined : await sources.data(kind, name);
  if (data === undefined && !optional) throw notFound(kind, name);
  const wanted = items ?? everything(data);
  const missing = wanted.find(({ key }) => data?.has(key) !== true);
  if (missing !== undefined && !optional) {
    const wording = kind === 'secret' ? 'references non-existent secret' : CONFIG_KEY;
    throw new MissingError(`${wording} key: ${missing.key}`);
  }
  return filesOf(wanted, data, mode);
}

const everything = (data: Map<string, Buffer> = new Map()): KeyToPath[] =>
  [...data.keys()].map((key) => ({ key, path: key }));

function filesOf(wanted: KeyToPath[], data: Map<string, Buffer> | undefined, mode: number): Files {
  const files: Files = new Map();
  for (const item of wanted) {
    const content = data?.get(item.key);
    if (content !== undefined) files.set(item.path, { content, mode: item.mode ?? mode });
  }
  return files;
}

interface DataRef {
  name?: string;
  items?: KeyToPath[];
  optional?: boolean;
}

function downwardFiles(items: DownwardItem[], placed: Placed, mode: number): Files {
  return new Map(
    items.map((item) => {
      const value = downwardValue(item, placed);
      if (value === undefined) throw new MissingError(`this node cannot fill ${item.path}`);
      return [item.path, { content: Buffer.from(value), mode: item.mode ?? mode }];
    }),
  );
}

const DATA = '..data';

/**
 * As the kubelet does it: the files lie in a folder of their own, a link names that folder, and what
 * is seen are links through it. So all of them change at once, by the renaming of one link.
 */
async function write(dir: string, files: Files): Promise<void> {
  if (await isCurrent(join(dir, DATA), files)) return;
  const fresh = await mkdtemp(`${dir}/..files-`);
  await chmod(fresh, 0o755);
  for (const [path, { content, mode }] of files) {
    const target = within(fresh, path);
    await mkdir(dirname(target), { recursive: true });
    await writeFile(target, content);
    await chmod(target, mode);
  }
  const before = await readlink(join(dir, DATA)).catch(() => undefined);
  await symlink(basename(fresh), `${fresh}.link`);
  await rename(`${fresh}.link`, join(dir, DATA));
  await linkNames(dir, new Set([...files.keys()].map((path) => path.split('/')[0] ?? path)));
  if (before !== undefined) await rm(join(dir, before), { recursive: true });
}

async function linkNames(dir: string, names: ReadonlySet<string>): Promise<void> {
  const there = (await readdir(dir, { withFileTypes: true })).filter(
    (entry) => entry.isSymbolicLink() && entry.name !== DATA,
  );
  for (const { name } of there) if (!names.has(name)) await rm(join(dir, name));
  const known = new Set(there.map(({ name }) => name));
  for (const name of names) {
    if (!known.has(name)) await symlink(join(DATA, name), join(dir, name));
  }
}

async function isCurrent(data: string, files: Files): Promise<boolean> {
  const found = await readdir(data, { recursive: true, withFileTypes: true }).catch(
    () => undefined,
  );
  if (found?.filter((entry) => entry.isFile()).length !== files.size) return false;
  for (const [path, { content }] of files) {
    const current = await readFile(join(data, path)).catch(() => undefined);
    if (current?.equals(content) !== true) return false;
  }
  return true;
}
