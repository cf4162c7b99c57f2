// Owner collection, in its three propagations.
import { expect } from 'vitest';
import { aConfigMap } from '../testing.ts';
import type { ApiUser } from '../testing.ts';
import type { KubeObject } from '../object.ts';
import { eventually, gone, test } from './ground.ts';
import type { Space } from './ground.ts';

const ownedBy = ({ metadata }: KubeObject, blockOwnerDeletion = false) => ({
  apiVersion: 'v1',
  kind: 'ConfigMap',
  name: metadata.name,
  uid: metadata.uid,
  blockOwnerDeletion,
});

interface Making {
  admin: ApiUser;
  space: Space;
}

const make = async ({ admin, space }: Making, name: string, metadata = {}): Promise<KubeObject> =>
  (await admin.post(space.of('configmaps'), aConfigMap(name, {}, metadata))).body;

test('what an object owned goes after it, and what that owned', async ({ admin, space }) => {
  const path = space.of('configmaps');
  const a = await make({ admin, space }, 'a');
  const b = await make({ admin, space }, 'b', { ownerReferences: [ownedBy(a)] });
  await make({ admin, space }, 'c', { ownerReferences: [ownedBy(b)] });
  await admin.delete(`${path}/a`);
  await gone(admin, `${path}/b`);
  await gone(admin, `${path}/c`);
});

test('an object with another living owner stays, and forgets the dead one', async ({
  admin,
  space,
}) => {
  const path = space.of('configmaps');
  const [a, b] = [await make({ admin, space }, 'a'), await make({ admin, space }, 'b')];
  await make({ admin, space }, 'c', { ownerReferences: [ownedBy(a), ownedBy(b)] });
  await admin.delete(`${path}/a`);
  await eventually(async () => {
    const { ownerReferences = [] } = (await admin.get(`${path}/c`)).body.metadata;
    return ownerReferences.length === 1 && ownerReferences[0]?.uid === b.metadata.uid;
  });
});

test('an owner of the same name is not the owner: the uid counts', async ({ admin, space }) => {
  const a = await make({ admin, space }, 'a');
  const elsewhere = { ...ownedBy(a), uid: 'of-another-life' };
  await make({ admin, space }, 'c', { ownerReferences: [elsewhere] });
  await gone(admin, `${space.of('configmaps')}/c`);
});

test('deleted in the foreground, an owner waits for those that block it', async ({
  admin,
  space,
}) => {
  const path = space.of('configmaps');
  const a = await make({ admin, space }, 'a');
  await make({ admin, space }, 'b', {
    ownerReferences: [ownedBy(a, true)],
    finalizers: ['x.test/hold'],
  });
  const { body } = await admin.delete(`${path}/a`, { propagationPolicy: 'Foreground' });
  expect(body.metadata.finalizers).toEqual(['foregroundDeletion']);
  await eventually(
    async () => (await admin.get(`${path}/b`)).body.metadata.deletionTimestamp !== undefined,
  );
  expect((await admin.get(`${path}/a`)).code).toBe(200);
  await admin.patch(`${path}/b`, { metadata: { finalizers: null } });
  await gone(admin, `${path}/b`);
  await gone(admin, `${path}/a`);
});

test('deleted in the foreground, an owner does not wait for those that do not block', async ({
  admin,
  space,
}) => {
  const path = space.of('configmaps');
  const a = await make({ admin, space }, 'a');
  await make({ admin, space }, 'b', {
    ownerReferences: [ownedBy(a)],
    finalizers: ['x.test/hold'],
  });
  await admin.delete(`${path}/a`, { propagationPolicy: 'Foreground' });
  await gone(admin, `${path}/a`);
  await admin.patch(`${path}/b`, { metadata: { finalizers: null } });
  await gone(admin, `${path}/b`);
});

test.for([
  { name: 'propagationPolicy=Orphan', options: { propagationPolicy: 'Orphan' } },
  { name: 'orphanDependents', options: { orphanDependents: true } },
])('by $name the owned stay and have no owner', async ({ options }, { admin, space }) => {
  const path = space.of('configmaps');
  const a = await make({ admin, space }, 'a');
  await make({ admin, space }, 'b', { ownerReferences: [ownedBy(a)] });
  await admin.delete(`${path}/a`, options);
  await gone(admin, `${path}/a`);
  const { code, body } = await admin.get(`${path}/b`);
  expect([code, body.metadata.ownerReferences]).toEqual([200, undefined]);
});

test('a propagation that does not exist is refused', async ({ admin, space }) => {
  await make({ admin, space }, 'a');
  const path = `${space.of('configmaps')}/a`;
  expect((await admin.delete(path, { propagationPolicy: 'Sideways' })).code).toBe(422);
});
