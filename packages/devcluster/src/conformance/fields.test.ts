// Field validation: unknown, duplicate and misspelt fields.
import { expect } from 'vitest';
import { aConfigMap, aPod, STRATEGIC } from '../testing.ts';
import type { Failure } from '../testing.ts';
import { refusal, test } from './ground.ts';

const STRAY = { metadata: { name: 'a' }, spec: { sails: 1, keel: true } };

test('Strict refuses an unknown field of a custom kind', async ({ admin, space, boats }) => {
  const body = boats.aBoat('a', STRAY.spec);
  const answer = await admin.post<Failure>(`${boats.of(space)}?fieldValidation=Strict`, body);
  expect(refusal(answer)).toEqual([
    400,
    'BadRequest',
    `Boat in version "v1" cannot be handled as a Boat: strict decoding error: unknown field "spec.keel"`,
  ]);
});

test('Strict refuses an unknown field of a built-in kind', async ({ admin, space }) => {
  const body = aPod('a', { containers: [{ name: 'main', image: 'x', imagee: 'y' }], shoe: 1 });
  const answer = await admin.post<Failure>(
    `${space.of('pods')}?fieldValidation=Strict&dryRun=All`,
    body,
  );
  expect(refusal(answer)).toEqual([
    400,
    'BadRequest',
    'Pod in version "v1" cannot be handled as a Pod: strict decoding error: unknown field "spec.containers[0].imagee", unknown field "spec.shoe"',
  ]);
});

test.for(['', '&fieldValidation=Warn'])(
  'without Strict a field is dropped with a warning: "%s"',
  async (query, { admin, space, boats }) => {
    const custom = await admin.post(
      `${boats.of(space)}?dryRun=All${query}`,
      boats.aBoat('a', STRAY.spec),
    );
    expect([custom.code, custom.warnings]).toEqual([201, ['unknown field "spec.keel"']]);
    const pod = await admin.post(`${space.of('pods')}?dryRun=All${query}`, aPod('a', { shoe: 1 }));
    expect([pod.code, pod.warnings]).toEqual([201, ['unknown field "spec.shoe"']]);
    expect(pod.body['spec']).not.toHaveProperty('shoe');
  },
);

test('Ignore drops it in silence', async ({ admin, space, boats }) => {
  const { code, warnings, body } = await admin.post(
    `${boats.of(space)}?fieldValidation=Ignore`,
    boats.aBoat('a', STRAY.spec),
  );
  expect([code, warnings, body['spec']]).toEqual([201, [], { sails: 1, rig: 'sloop' }]);
});

test('another fieldValidation is refused', async ({ admin, space }) => {
  const path = `${space.of('configmaps')}?fieldValidation=Maybe`;
  expect((await admin.post(path, aConfigMap('a'))).code).toBe(422);
});

test('patches are judged alike', async ({ admin, space, boats }) => {
  await admin.post(boats.of(space), boats.aBoat('a'));
  await admin.post(space.of('pods'), aPod('p'));
  const boat = await admin.patch<Failure>(`${boats.of(space)}/a?fieldValidation=Strict`, {
    spec: { keel: true },
  });
  const pod = await admin.patch<Failure>(
    `${space.of('pods')}/p?fieldValidation=Strict`,
    { spec: { shoe: 1 } },
    STRATEGIC,
  );
  expect([boat.body.message, pod.body.message]).toEqual([
    expect.stringContaining('unknown field "spec.keel"'),
    expect.stringContaining('unknown field "spec.shoe"'),
  ]);
  expect([boat.code, pod.code]).toEqual([422, 422]);
});

test('a value of the wrong type is 400', async ({ admin, space }) => {
  const answers = await Promise.all([
    admin.post(space.of('configmaps'), { metadata: { name: 'a' }, data: { k: 1 } }),
    admin.post(space.of('configmaps'), { metadata: { name: 'a', labels: { a: 1 } } }),
    admin.post(space.of('pods'), aPod('a', { containers: 'none' })),
    admin.post(space.of('pods'), aPod('a', { terminationGracePeriodSeconds: 'long' })),
  ]);
  expect(answers.map(({ code }) => code)).toEqual([400, 400, 400, 400]);
});
