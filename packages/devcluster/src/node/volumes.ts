// A pod's volumes as folders, kept up to date.
import { mkdir, readFile, readdir, rename, rm, writeFile } from 'node:fs/promises';
import { dirname, join, relative } from 'node:path';
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
  await mkdir(dir, { recursive: true, mode: 0o777 });
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
  return dataFiles('configmap', configMap ?? { optional: true }, { sources, mode });
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
    throw new MissingError(`references non-existent ${kind} key: ${missing.key}`);
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

async function write(dir: string, files: Files): Promise<void> {
  for (const [path, { content, mode }] of files) {
    const target = within(dir, path);
    const current = await readFile(target).catch(() => undefined);
    if (current?.equals(content)) continue;
    await mkdir(dirname(target), { recursive: true });
    // Renamed into place: whoever reads it meanwhile sees all of the old one or all of the new.
    const fresh = `${target}.fresh`;
    await writeFile(fresh, content, { mode });
    await rename(fresh, target);
  }
  const entries = await readdir(dir, { recursive: true, withFileTypes: true });
  for (const entry of entries) {
    const path = join(entry.parentPath, entry.name);
    if (entry.isFile() && !files.has(relative(dir, path))) await rm(path, { force: true });
  }
}
