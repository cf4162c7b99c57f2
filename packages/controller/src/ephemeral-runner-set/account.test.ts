import { FINALIZERS } from '@muster/api';
import { aRunner } from '@muster/api/testing';
import { describe, expect, test } from 'vitest';
import { aFinishedPod } from '../testing-pods.ts';
import { accountOf } from './account.ts';
import { asked, busy, endedWell, finished, leaving, member, NOW } from './testing.ts';

/** Spent slots as of a status that was written. */
const spent = (count: number, ended: string[] = []) => ({
  status: { currentReplicas: 0, slots: { generation: 1, spent: count, ended } },
});

/** Its container was killed under its job; GitHub has not found out. */
const lost = (name: string, metadata = {}) =>
  member(
    name,
    {
      metadata: { ...leaving.metadata, finalizers: [FINALIZERS.registration], ...metadata },
      status: { jobId: '7' },
    },
    (runner) => aFinishedPod(runner, 137),
  );

describe('the account of slots', () => {
  const generation2 = { metadata: { generation: 2 } };
  test.each([
    {
      name: 'counts one that leaves after its job, once',
      set: asked(2, 1, spent(0)),
      members: [{ ...busy('a'), runner: aRunner('a', { ...leaving, status: { jobId: '7' } }) }],
      is: { generation: 1, spent: 1, ended: ['a'] },
    },
    {
      name: 'does not count it again',
      set: asked(2, 1, spent(1, ['a'])),
      members: [endedWell('a')],
      is: { generation: 1, spent: 1, ended: ['a'] },
    },
    {
      name: 'does not count one that leaves unused',
      set: asked(2, 1, spent(0)),
      members: [member('a', leaving)],
      is: { generation: 1, spent: 0, ended: [] },
    },
    {
      name: 'forgets the name of one that is gone, not that it was there',
      set: asked(2, 1, spent(1, ['a'])),
      members: [],
      is: { generation: 1, spent: 1, ended: [] },
    },
    {
      name: 'does not count one that the patch no longer counted',
      set: finished(asked(1, 2, { ...spent(0), metadata: { generation: 1 } }), ['a']),
      members: [{ ...busy('a'), runner: aRunner('a', { ...leaving, status: { jobId: '7' } }) }],
      is: { generation: 1, spent: 0, ended: ['a'] },
    },
    {
      name: 'starts afresh with a generation, and names who is leaving already',
      set: asked(2, 2, { ...spent(1, ['a']), ...generation2 }),
      members: [endedWell('a'), busy('b'), member('c', leaving)],
      is: { generation: 2, spent: 0, ended: ['a', 'c'] },
    },
    {
      name: 'counts on one of whose end the listener had not heard, so that none is made too many',
      set: finished(asked(2, 2, { ...spent(2, ['a', 'b']), ...generation2 }), ['a']),
      members: [endedWell('a'), endedWell('b'), member('c', leaving)],
      is: { generation: 2, spent: 1, ended: ['a', 'b', 'c'] },
    },
    {
      name: 'does not count on it where the patch converges',
      set: finished(asked(2, 0, { ...spent(1, ['a']), ...generation2 }), []),
      members: [endedWell('a')],
      is: { generation: 2, spent: 0, ended: ['a'] },
    },
    {
      name: 'does not count on one that has been leaving for long',
      set: finished(asked(2, 2, { ...spent(1, ['a']), ...generation2 }), []),
      members: [
        member('a', {
          metadata: { deletionTimestamp: '2026-01-01T00:00:30Z' },
          status: { jobId: '7' },
        }),
      ],
      is: { generation: 2, spent: 0, ended: ['a'] },
    },
    {
      name: 'counts on one that was lost under its job for as long as GitHub holds it, though the patch converges',
      set: finished(asked(2, 0, { ...spent(1, ['a']), ...generation2 }), []),
      members: [lost('a')],
      is: { generation: 2, spent: 1, ended: ['a'] },
    },
    {
      name: 'counts on one whose pod vanished under its job as well',
      set: finished(asked(2, 0, { ...spent(1, ['a']), ...generation2 }), []),
      members: [{ ...lost('a'), pod: undefined }],
      is: { generation: 2, spent: 1, ended: ['a'] },
    },
    {
      name: 'does not count on a lost one of whose end the listener has heard',
      set: finished(asked(1, 0, { ...spent(1, ['a']), ...generation2 }), ['a']),
      members: [lost('a')],
      is: { generation: 2, spent: 0, ended: ['a'] },
    },
    {
      name: 'does not count on a lost one that GitHub has let go of',
      set: finished(asked(2, 0, { ...spent(1, ['a']), ...generation2 }), []),
      members: [lost('a', { finalizers: [] })],
      is: { generation: 2, spent: 0, ended: ['a'] },
    },
    {
      name: "does not count on a lost one of ARC's listener, which names nobody",
      set: asked(2, 0, { ...spent(1, ['a']), ...generation2 }),
      members: [lost('a')],
      is: { generation: 2, spent: 0, ended: ['a'] },
    },
  ])('$name', ({ set, members, is }) => {
    expect(accountOf({ set, members, now: NOW })).toMatchObject(is);
  });

  describe('a change of the template', () => {
    const before = asked(3, 4);
    const slots = { ...accountOf({ set: before, members: [], now: NOW }), spent: 2, ended: ['a'] };
    const withImage = (image: string) => ({
      ...before.spec,
      ephemeralRunnerSpec: {
        ...before.spec.ephemeralRunnerSpec,
        spec: { containers: [{ name: 'runner', image }] },
      },
    });
    const changed = {
      ...before,
      metadata: { ...before.metadata, generation: 2 },
      status: { currentReplicas: 0, slots },
      spec: withImage('runner:2'),
    };

    test('BUG-1: is no new wish: slots that were used up stay so', () => {
      expect(accountOf({ set: changed, members: [], now: NOW })).toMatchObject({
        generation: 2,
        spent: 2,
      });
    });

    test('together with a patch is a new wish', () => {
      const set = { ...changed, spec: { ...changed.spec, patchID: 5 } };
      expect(accountOf({ set, members: [], now: NOW })).toMatchObject({ spent: 0 });
    });

    test('is needed: the same wish in a later generation means that patches were missed', () => {
      const set = { ...changed, spec: before.spec };
      expect(accountOf({ set, members: [], now: NOW })).toMatchObject({ spent: 0 });
    });
  });
});
