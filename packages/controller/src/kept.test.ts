import { aSet } from '@muster/api/testing';
import { expect, test } from 'vitest';
import { createKept } from './kept.ts';

const slots = { generation: 1, spent: 2, ended: ['a'] };
const stored = aSet({ status: { currentReplicas: 1 } });

test('an object whose status was kept whole by the server is as it is', () => {
  const kept = createKept();
  const answer = aSet({ status: { currentReplicas: 1, slots } });
  kept.note(stored, { currentReplicas: 1, slots }, answer);
  expect(kept.whole(stored)).toBe(stored);
});

test('what the server dropped is put back', () => {
  const kept = createKept();
  kept.note(stored, { currentReplicas: 1, slots }, stored);
  expect(kept.whole(stored).status).toEqual({ currentReplicas: 1, slots });
  expect(kept.whole(aSet({ metadata: { uid: 'another' } })).status).toBeUndefined();
});

test('what the server has counts more than what was kept', () => {
  const kept = createKept();
  kept.note(stored, { slots }, stored);
  const newer = aSet({ status: { currentReplicas: 0, slots: { generation: 2, spent: 0 } } });
  expect(kept.whole(newer).status).toEqual(newer.status);
});

test('what was taken away is not put back, and neither is what belongs to an object that is gone', () => {
  const kept = createKept();
  kept.note(stored, { slots }, stored);
  kept.note(stored, { slots: null }, stored);
  expect(kept.whole(stored)).toBe(stored);
  kept.note(stored, { slots }, stored);
  kept.forget(stored);
  expect(kept.whole(stored)).toBe(stored);
});
