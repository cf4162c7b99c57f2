// What the client promises of any API server: the dev cluster, and the real one.
import { describe, expect } from 'vitest';
import { isKubeError } from './errors.ts';
import { ConfigMapKind, SecretKind } from './kinds.ts';
import { metadataOnly } from './object.ts';
import { aConfigMap } from './testing/cluster.ts';
import { eventually, test } from './testing/ground.ts';
import type { Kind } from './object.ts';
import type { KubeClient, WatchEvent } from './types.ts';

const UnknownKind: Kind = {
  apiVersion: 'no.such/v1',
  kind: 'No',
  plural: 'noes',
  namespaced: true,
};

const aShip = ({ apiVersion, kind }: Kind, namespace: string, name = 'a') => ({
  apiVersion,
  kind,
  metadata: { namespace, name },
});

/** The first events of a watch. */
async function first<T>(events: AsyncIterable<T>, count: number): Promise<T[]> {
  const seen: T[] = [];
  for await (const event of events) {
    seen.push(event);
    if (seen.length === count) break;
  }
  return seen;
}

describe('objects', () => {
  test('are created, read, patched and deleted', async ({ client, namespace }) => {
    const at = { namespace, name: 'a' };
    expect(await client.get(ConfigMapKind, at)).toBeUndefined();
    const made = await client.create(
      ConfigMapKind,
      aConfigMap('a', { namespace, data: { x: '1', y: '2' } }),
    );
    expect(await client.get(ConfigMapKind, at)).toEqual(made);
    const patched = await client.patch(ConfigMapKind, at, { data: { x: null, z: '3' } });
    expect(patched?.data).toEqual({ y: '2', z: '3' });
    expect(await client.delete(ConfigMapKind, at)).toBe('deleted');
    expect(await client.delete(ConfigMapKind, at)).toBe('absent');
    expect(await client.patch(ConfigMapKind, at, { data: {} })).toBeUndefined();
    expect(await client.patchJson(ConfigMapKind, at, [])).toBeUndefined();
  });

  test.for([
    {
      name: 'a second create of the same name',
      code: 'already-exists',
      call: (client: KubeClient, namespace: string) =>
        client.create(ConfigMapKind, aConfigMap('there', { namespace })),
    },
    {
      name: 'a patch of an older version',
      code: 'conflict',
      call: (client: KubeClient, namespace: string) =>
        client.patch(
          ConfigMapKind,
          { namespace, name: 'there' },
          { metadata: { resourceVersion: '1' } },
        ),
    },
    {
      name: 'a create in a namespace that is not there',
      code: 'not-found',
      call: (client: KubeClient) =>
        client.create(ConfigMapKind, aConfigMap('a', { namespace: 'no' })),
    },
    {
      name: 'a get of a kind that the server does not serve',
      code: 'not-found',
      call: (client: KubeClient, namespace: string) =>
        client.get(UnknownKind, { namespace, name: 'a' }),
    },
    {
      name: 'an invalid object',
      code: 'invalid',
      call: (client: KubeClient, namespace: string) =>
        client.create(ConfigMapKind, aConfigMap('Not A Name', { namespace })),
    },
    {
      name: 'a JSON patch whose test fails',
      code: 'invalid',
      call: (client: KubeClient, namespace: string) =>
        client.patchJson(ConfigMapKind, { namespace, name: 'there' }, [
          { op: 'test', path: '/data/x', value: 'other' },
        ]),
    },
    {
      name: 'a delete of an older version',
      code: 'conflict',
      call: (client: KubeClient, namespace: string) =>
        client.delete(ConfigMapKind, { namespace, name: 'there' }, { resourceVersion: '1' }),
    },
  ])('$name: $code', async ({ call, code }, { client, namespace }) => {
    await client.create(ConfigMapKind, aConfigMap('there', { namespace, data: { x: '1' } }));
    await expect(call(client, namespace)).rejects.toMatchObject({ name: 'KubeError', code });
  });

  test('a JSON patch changes one item of a list', async ({ client, namespace }) => {
    const made = await client.create(ConfigMapKind, {
      ...aConfigMap('a', { namespace }),
      metadata: { namespace, name: 'a', finalizers: ['one.test/a', 'two.test/b'] },
    });
    const patched = await client.patchJson(ConfigMapKind, made.metadata, [
      { op: 'test', path: '/metadata/finalizers/0', value: 'one.test/a' },
      { op: 'remove', path: '/metadata/finalizers/0' },
    ]);
    expect(patched?.metadata.finalizers).toEqual(['two.test/b']);
    await client.patch(ConfigMapKind, made.metadata, { metadata: { finalizers: null } });
  });

  test('whole numbers beyond 2^53 and unknown fields come back as they went', async ({
    client,
    namespace,
    ships,
  }) => {
    const cargo = { id: 9_007_199_254_740_993n, deep: [{ unknown: null, at: '2026-01-01' }] };
    const made = await client.create(ships, { ...aShip(ships, namespace), spec: { cargo } });
    expect((await client.get(ships, made.metadata))?.spec.cargo).toEqual(cargo);
  });
});

describe('a delete', () => {
  test('of one very object leaves its namesake alone', async ({ client, namespace }) => {
    const made = await client.create(ConfigMapKind, aConfigMap('a', { namespace }));
    const { uid, resourceVersion } = made.metadata;
    const another = '00000000-0000-4000-8000-000000000000';
    expect(await client.delete(ConfigMapKind, made.metadata, { uid: another })).toBe('absent');
    expect(await client.get(ConfigMapKind, made.metadata)).toBeDefined();
    const this_ = { uid, resourceVersion };
    expect(await client.delete(ConfigMapKind, made.metadata, this_)).toBe('deleted');
  });

  test.for([
    { policy: 'Background', child: 'goes' },
    { policy: 'Foreground', child: 'goes' },
    { policy: 'Orphan', child: 'stays' },
  ] as const)('$policy: what it owns $child', async ({ policy, child }, { client, namespace }) => {
    const owner = await client.create(ConfigMapKind, aConfigMap('owner', { namespace }));
    const { name, uid } = owner.metadata;
    const owned = await client.create(ConfigMapKind, {
      ...aConfigMap('owned', { namespace }),
      metadata: {
        namespace,
        name: 'owned',
        ownerReferences: [{ apiVersion: 'v1', kind: 'ConfigMap', name, uid }],
      },
    });
    await client.delete(ConfigMapKind, owner.metadata, { propagationPolicy: policy });
    await eventually(async () => (await client.get(ConfigMapKind, owner.metadata)) === undefined);
    if (child === 'goes') {
      await eventually(async () => (await client.get(ConfigMapKind, owned.metadata)) === undefined);
    } else {
      const left = await client.get(ConfigMapKind, owned.metadata);
      expect(left?.metadata.ownerReferences ?? []).toEqual([]);
    }
  });
});

describe('subresources', () => {
  test('a patch of the status changes nothing else, and the other way round', async ({
    client,
    namespace,
    ships,
  }) => {
    const { metadata } = await client.create(ships, {
      ...aShip(ships, namespace),
      spec: { sails: 2 },
    });
    await client.patchStatus(ships, metadata, { spec: { sails: 3 }, status: { afloat: true } });
    await client.patch(ships, metadata, { status: { afloat: false } });
    const ship = await client.get(ships, metadata);
    expect([ship?.spec, ship?.status]).toEqual([{ sails: 2 }, { afloat: true }]);
  });

  test('a scale is read and set, whatever the kind calls it', async ({
    client,
    namespace,
    ships,
  }) => {
    const { metadata } = await client.create(ships, {
      ...aShip(ships, namespace),
      spec: { sails: 2 },
    });
    expect((await client.scale(ships, metadata))?.spec).toEqual({ replicas: 2 });
    const scaled = await client.patchScale(ships, metadata, { spec: { replicas: 5 } });
    expect(scaled?.spec).toEqual({ replicas: 5 });
    expect((await client.get(ships, metadata))?.spec.sails).toBe(5);
    expect(await client.scale(ships, { namespace, name: 'none' })).toBeUndefined();
  });
});

describe('a dry run', () => {
  test('answers as if it had been, and keeps nothing', async ({ client, namespace }) => {
    const dry = { dryRun: true };
    const made = await client.create(ConfigMapKind, aConfigMap('a', { namespace }), dry);
    expect(made.metadata.uid).toMatch(/^[0-9a-f-]{36}$/);
    expect(await client.get(ConfigMapKind, made.metadata)).toBeUndefined();
    await client.create(ConfigMapKind, aConfigMap('a', { namespace, data: { x: '1' } }));
    const patched = await client.patch(ConfigMapKind, made.metadata, { data: { x: '2' } }, dry);
    expect(patched?.data).toEqual({ x: '2' });
    expect(await client.delete(ConfigMapKind, made.metadata, dry)).toBe('deleted');
    expect((await client.get(ConfigMapKind, made.metadata))?.data).toEqual({ x: '1' });
  });

  test('finds what the server would refuse', async ({ client, namespace, ships }) => {
    const bad = { ...aShip(ships, namespace), spec: { sails: 99 } };
    await expect(client.create(ships, bad, { dryRun: true })).rejects.toMatchObject({
      code: 'invalid',
    });
  });
});

describe('fields that the kind does not have', () => {
  const odd = (kind: Kind, namespace: string) => ({
    ...aShip(kind, namespace),
    spec: { sails: 1, oars: 2 },
  });

  test('are refused when validation is strict', async ({ client, namespace, ships }) => {
    await expect(
      client.create(ships, odd(ships, namespace), { fieldValidation: 'Strict' }),
    ).rejects.toMatchObject({
      code: 'bad-request',
      message: expect.stringContaining('unknown field "spec.oars"') as string,
    });
  });

  test('are a warning to the caller otherwise', async ({ client, namespace, ships }) => {
    const warnings: string[] = [];
    await client.create(ships, odd(ships, namespace), {
      fieldValidation: 'Warn',
      onWarning: (warning) => warnings.push(warning),
    });
    expect(warnings).toEqual(['unknown field "spec.oars"']);
  });
});

describe('a list', () => {
  test('is read page by page, each item with its kind', async ({ connect, namespace }) => {
    const client = connect({ pageSize: 4 });
    const names = Array.from({ length: 11 }, (_, index) => `m-${String(index).padStart(2, '0')}`);
    await Promise.all(
      names.map((name) =>
        client.create(ConfigMapKind, aConfigMap(name, { namespace, labels: { mine: 'yes' } })),
      ),
    );
    const { items } = await client.list(ConfigMapKind, { namespace, labelSelector: 'mine' });
    expect(items.map(({ metadata }) => metadata.name)).toEqual(names);
    expect(items[0]).toMatchObject({ apiVersion: 'v1', kind: 'ConfigMap' });
  });

  test('is narrowed by fields', async ({ client, namespace }) => {
    await client.create(ConfigMapKind, aConfigMap('a', { namespace }));
    await client.create(ConfigMapKind, aConfigMap('b', { namespace }));
    const selection = { namespace, fieldSelector: 'metadata.name=b' };
    const { items } = await client.list(ConfigMapKind, selection);
    expect(items.map(({ metadata }) => metadata.name)).toEqual(['b']);
  });
});

describe('a watch', () => {
  test('tells what happened since the version', async ({ client, namespace }) => {
    const selection = { namespace, labelSelector: 'mine' };
    const { resourceVersion } = await client.list(ConfigMapKind, selection);
    const labels = { mine: 'yes' };
    const { metadata } = await client.create(ConfigMapKind, aConfigMap('a', { namespace, labels }));
    await client.patch(ConfigMapKind, metadata, { data: { x: '1' } });
    await client.delete(ConfigMapKind, metadata);
    const events = await first(client.watch(ConfigMapKind, { ...selection, resourceVersion }), 3);
    expect(events.map(({ type }) => type)).toEqual(['ADDED', 'MODIFIED', 'DELETED']);
    expect(events[0]).toMatchObject({ object: { apiVersion: 'v1', kind: 'ConfigMap' } });
  });

  test('ends when its caller leaves', async ({ client, namespace }) => {
    const { resourceVersion } = await client.list(ConfigMapKind, { namespace });
    const stop = new AbortController();
    const watched = first(
      client.watch(ConfigMapKind, { namespace, resourceVersion, signal: stop.signal }),
      1_000,
    );
    stop.abort();
    await expect(watched).rejects.toSatisfy((error) => isKubeError(error, 'aborted'));
  });
});

describe('metadata only', () => {
  const SecretMetadata = metadataOnly(SecretKind);

  test('is all that a get, a list and a watch bring', async ({ client, namespace }) => {
    const { resourceVersion } = await client.list(SecretMetadata, { namespace });
    const made = await client.create(SecretKind, {
      apiVersion: 'v1',
      kind: 'Secret',
      metadata: { namespace, name: 'a', labels: { mine: 'yes' } },
      data: { password: 'aHVudGVyMg==' },
    });
    const { items } = await client.list(SecretMetadata, { namespace, labelSelector: 'mine' });
    const [event] = await first<WatchEvent<(typeof items)[number]>>(
      client.watch(SecretMetadata, { namespace, labelSelector: 'mine', resourceVersion }),
      1,
    );
    const seen = [await client.get(SecretMetadata, made.metadata), ...items];
    seen.push((event as Extract<typeof event, { object: unknown }>).object);
    expect(seen).toHaveLength(3);
    for (const object of seen) {
      expect(Object.keys(object ?? {}).sort()).toEqual(['apiVersion', 'kind', 'metadata']);
      expect(object).toMatchObject({ apiVersion: 'v1', kind: 'Secret', metadata: { name: 'a' } });
    }
  });
});

test('the administrator may', async ({ client, namespace }) => {
  expect(await client.may({ verb: 'create', group: '', resource: 'pods', namespace })).toBe(true);
});
