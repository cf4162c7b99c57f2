// Namespaces: what each is given, and how it goes.
import { expect } from 'vitest';
import { aConfigMap } from '../testing.ts';
import type { Failure } from '../testing.ts';
import { blamed, eventually, gone, refusal, SPACES, test, unique } from './ground.ts';

test('a namespace is active, and labelled with its name', async ({ admin, space }) => {
  const { body } = await admin.get(`${SPACES}/${space.name}`);
  expect([body['spec'], body['status'], body.metadata.labels]).toEqual([
    { finalizers: ['kubernetes'] },
    { phase: 'Active' },
    { 'kubernetes.io/metadata.name': space.name },
  ]);
});

test('its name is a label: no dots, no more than 63', async ({ admin }) => {
  for (const name of ['a.b', 'a'.repeat(64)]) {
    const answer = await admin.post<Failure>(SPACES, { metadata: { name } });
    expect(blamed(answer)).toContain('metadata.name FieldValueInvalid');
    expect(answer.code).toBe(422);
  }
});

test('each has an account and the CA, and gets them back', async ({ admin, space }) => {
  for (const path of ['serviceaccounts/default', 'configmaps/kube-root-ca.crt']) {
    const whole = `${SPACES}/${space.name}/${path}`;
    const first = await admin.get(whole);
    expect(first.code).toBe(200);
    await admin.delete(whole);
    await eventually(async () => {
      const { code, body } = await admin.get(whole);
      return code === 200 && body.metadata.uid !== first.body.metadata.uid;
    });
  }
});

test('goes with all that is in it', async ({ admin, space }) => {
  await admin.post(space.of('configmaps'), aConfigMap('a'));
  const { body } = await admin.delete(`${SPACES}/${space.name}`);
  expect(body['status']).toMatchObject({ phase: 'Terminating' });
  await gone(admin, `${SPACES}/${space.name}`);
  expect((await admin.get(`${space.of('configmaps')}/a`)).code).toBe(404);
});

test('waits for what cannot go yet, and takes nothing new', async ({ admin, space }) => {
  const path = space.of('configmaps');
  await admin.post(path, aConfigMap('a', {}, { finalizers: ['x.test/hold'] }));
  await admin.delete(`${SPACES}/${space.name}`);
  const answer = await admin.post<Failure>(path, aConfigMap('b'));
  expect(refusal(answer)).toEqual([
    403,
    'Forbidden',
    `configmaps "b" is forbidden: unable to create new content in namespace ${space.name} because it is being terminated`,
  ]);
  expect(blamed(answer)).toEqual([403, 'metadata.namespace NamespaceTerminating']);
  await eventually(async () => {
    const { body } = await admin.get(`${path}/a`);
    return body.metadata.deletionTimestamp !== undefined;
  });
  expect((await admin.get(`${SPACES}/${space.name}`)).code).toBe(200);
  await admin.patch(`${path}/a`, { metadata: { finalizers: null } });
  await gone(admin, `${SPACES}/${space.name}`);
});

test('custom objects in it go with it', async ({ admin, space, boats }) => {
  await admin.post(boats.of(space), boats.aBoat('a'));
  await admin.delete(`${SPACES}/${space.name}`);
  await gone(admin, `${SPACES}/${space.name}`);
});

test('a namespace that no one has can be made again', async ({ admin }) => {
  const name = unique('again');
  expect((await admin.post(SPACES, { metadata: { name } })).code).toBe(201);
  expect((await admin.post(SPACES, { metadata: { name } })).code).toBe(409);
  await admin.delete(`${SPACES}/${name}`);
  await gone(admin, `${SPACES}/${name}`);
  expect((await admin.post(SPACES, { metadata: { name } })).code).toBe(201);
  await admin.delete(`${SPACES}/${name}`);
});
