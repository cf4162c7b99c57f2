// Volumes as they change, and tokens as they age.
import { mkdtemp, readFile, readdir, readlink, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { NodeApi } from './api.ts';
import type { Pod, Volume } from './pod.ts';
import { sourcesOf } from './sources.ts';
import type { Sources } from './sources.ts';
import { steppedClock } from './stepped-clock.ts';
import { fillVolumes } from './volumes.ts';

let dir: string;
let content: Record<string, string> | undefined;

beforeEach(async () => {
  dir = await mkdtemp(join(tmpdir(), 'muster-volumes-'));
  content = { one: '1', two: '2' };
});

afterEach(async () => {
  await rm(dir, { recursive: true });
});

const sources: Sources = {
  data: () =>
    Promise.resolve(
      content && new Map(Object.entries(content).map(([key, text]) => [key, Buffer.from(text)])),
    ),
  token: () => Promise.resolve('token'),
};

const pod = (volume: Partial<Volume>): Pod => ({
  metadata: { name: 'a', namespace: 'ns', uid: 'u' },
  spec: { containers: [{ name: 'main' }], volumes: [{ name: 'v', ...volume }] },
});

const fill = (volume: Partial<Volume> = { configMap: { name: 'c' } }): Promise<void> =>
  fillVolumes({ placed: { pod: pod(volume), podIp: '', nodeName: 'n' }, sources, dir });

const seen = async (): Promise<string[]> =>
  (await readdir(join(dir, 'v'))).filter((name) => !name.startsWith('..')).sort();
const read = (path: string): Promise<string> => readFile(join(dir, 'v', path), 'utf8');

describe('a volume', () => {
  test('is left alone while nothing changes', async () => {
    await fill();
    const before = await readlink(join(dir, 'v/..data'));
    await fill();
    expect(await readlink(join(dir, 'v/..data'))).toBe(before);
  });

  test('follows keys that come, go and change, all by one link', async () => {
    await fill();
    content = { two: 'zwei', three: '3' };
    await fill();
    expect(await seen()).toEqual(['three', 'two']);
    expect([await read('two'), await read('three')]).toEqual(['zwei', '3']);
    const hidden = (await readdir(join(dir, 'v'))).filter((name) => name.startsWith('..'));
    expect(hidden.sort()).toEqual(['..data', await readlink(join(dir, 'v/..data'))]);
  });

  test('keeps its last content when its source is gone', async () => {
    await fill();
    content = undefined;
    await expect(fill()).rejects.toThrow(
      'MountVolume.SetUp failed for volume "v" : configmap "c" not found',
    );
    expect(await read('one')).toBe('1');
  });

  test('is empty when its optional source is missing', async () => {
    content = undefined;
    await fill({ secret: { secretName: 's', optional: true } });
    expect(await seen()).toEqual([]);
  });

  test.each([
    {
      name: 'a path that leads out',
      volume: { configMap: { name: 'c', items: [{ key: 'one', path: '../x' }] } },
      says: 'leads outside',
    },
    {
      name: 'a kind of volume it does not have',
      volume: { nfs: {} },
      says: 'this node has no volumes of type nfs',
    },
    {
      name: 'a projection it does not know',
      volume: { projected: { sources: [{ clusterTrustBundle: {} }] } },
      says: 'does not know that projection',
    },
  ])('refuses $name', async ({ volume, says }) => {
    await expect(fill(volume as Partial<Volume>)).rejects.toThrow(says);
  });
});

test('a token is asked for again when four fifths of its life are over', async () => {
  const clock = steppedClock();
  const asked: unknown[] = [];
  const api = new NodeApi({
    fetch: async (request) => {
      asked.push(((await request.json()) as { spec: unknown }).spec);
      const expirationTimestamp = new Date(clock.now() + 600_000).toISOString();
      return Response.json({ status: { token: `token ${asked.length}`, expirationTimestamp } });
    },
    token: '',
    server: 'https://cluster.test',
  });
  const own = sourcesOf(api, pod({}), () => clock.now());
  expect(await own.token('me', 600)).toBe('token 1');
  await clock.pass(479_000);
  expect(await own.token('me', 600)).toBe('token 1');
  await clock.pass(2000);
  expect(await own.token('me', 600)).toBe('token 2');
  expect(await own.token('others', 600)).toBe('token 3');
  expect(asked[0]).toEqual({
    audiences: ['me'],
    expirationSeconds: 600,
    boundObjectRef: { apiVersion: 'v1', kind: 'Pod', name: 'a', uid: 'u' },
  });
});
