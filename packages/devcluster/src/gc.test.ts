// The rules of ownership and of namespaces.
import { beforeEach, describe, expect, test } from 'vitest';
import { createCluster } from './cluster.ts';
import type { KubeObject } from './object.ts';
import { aConfigMap, apiUser } from './testing.ts';
import type { ApiUser, Failure } from './testing.ts';

const MAPS = '/api/v1/namespaces/default/configmaps';

let api: ApiUser;

beforeEach(() => {
  api = apiUser(createCluster());
});

const owner = ({ metadata }: KubeObject, blockOwnerDeletion = false) => ({
  apiVersion: 'v1',
  kind: 'ConfigMap',
  name: metadata.name,
  uid: metadata.uid,
  blockOwnerDeletion,
});

const make = async (name: string, metadata = {}): Promise<KubeObject> =>
  (await api.post(MAPS, aConfigMap(name, {}, metadata))).body;

const isThere = async (name: string): Promise<boolean> =>
  (await api.get(`${MAPS}/${name}`)).code === 200;

describe('owners', () => {
  test('what an object owned goes after it, and what that owned', async () => {
    const a = await make('a');
    const b = await make('b', { ownerReferences: [owner(a)] });
    await make('c', { ownerReferences: [owner(b)] });
    await api.delete(`${MAPS}/a`);
    expect([await isThere('b'), await isThere('c')]).toEqual([false, false]);
  });

  test('an object with another living owner stays, and forgets the dead one', async () => {
    const [a, b] = [await make('a'), await make('b')];
    await make('c', { ownerReferences: [owner(a), owner(b)] });
    await api.delete(`${MAPS}/a`);
    expect((await api.get(`${MAPS}/c`)).body.metadata.ownerReferences).toEqual([owner(b)]);
  });

  test('an owner of the same name is not the owner: the uid counts', async () => {
    const a = await make('a');
    await make('c', { ownerReferences: [{ ...owner(a), uid: 'of-another-life' }] });
    expect(await isThere('c')).toBe(false);
  });

  test('deleted in the foreground, an owner waits for those that block it', async () => {
    const a = await make('a');
    await make('b', { ownerReferences: [owner(a, true)], finalizers: ['x.test/hold'] });
    const { body } = await api.delete(`${MAPS}/a`, { propagationPolicy: 'Foreground' });
    expect(body.metadata.finalizers).toEqual(['foregroundDeletion']);
    expect([await isThere('a'), await isThere('b')]).toEqual([true, true]);
    await api.patch(`${MAPS}/b`, { metadata: { finalizers: null } });
    expect([await isThere('a'), await isThere('b')]).toEqual([false, false]);
  });

  test('orphaned objects stay and have no owner', async () => {
    const a = await make('a');
    await make('b', { ownerReferences: [owner(a)] });
    await api.delete(`${MAPS}/a`, { propagationPolicy: 'Orphan' });
    expect(await isThere('a')).toBe(false);
    expect((await api.get(`${MAPS}/b`)).body.metadata.ownerReferences).toBeUndefined();
  });
});

describe('namespaces', () => {
  const SPACES = '/api/v1/namespaces';
  const INSIDE = `${SPACES}/n/configmaps`;

  beforeEach(async () => {
    await api.post(SPACES, { metadata: { name: 'n' } });
  });

  test('each has an account and the CA, and gets them back', async () => {
    expect((await api.get(`${SPACES}/n/serviceaccounts/default`)).code).toBe(200);
    await api.delete(`${INSIDE}/kube-root-ca.crt`);
    expect((await api.get(`${INSIDE}/kube-root-ca.crt`)).code).toBe(200);
  });

  test('goes with all that is in it', async () => {
    await api.post(INSIDE, aConfigMap('a'));
    const { body } = await api.delete(`${SPACES}/n`);
    expect(body['status']).toEqual({ phase: 'Terminating' });
    expect([(await api.get(`${SPACES}/n`)).code, (await api.get(`${INSIDE}/a`)).code]).toEqual([
      404, 404,
    ]);
  });

  test('waits for what cannot go yet, and takes nothing new', async () => {
    await api.post(INSIDE, aConfigMap('a', {}, { finalizers: ['x.test/hold'] }));
    await api.delete(`${SPACES}/n`);
    const { code, body } = await api.post<Failure>(INSIDE, aConfigMap('b'));
    expect([code, body.message]).toEqual([
      403,
      'configmaps "b" is forbidden: unable to create new content in namespace n because it is being terminated',
    ]);
    await api.patch(`${INSIDE}/a`, { metadata: { finalizers: null } });
    expect((await api.get(`${SPACES}/n`)).code).toBe(404);
  });
});
