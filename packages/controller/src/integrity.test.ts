import { expect, test } from 'vitest';
import { isAsWanted, sealed } from './integrity.ts';

const wanted = (annotations: Record<string, string>) => ({ metadata: { name: 'a', annotations } });

test('BUG-16: a hash is never written into what an object was made of', () => {
  const annotations = Object.freeze({ note: 'of the listener' });
  const first = sealed(wanted(annotations));
  expect(annotations).toEqual({ note: 'of the listener' });
  expect(sealed(wanted(annotations))).toEqual(first);
});

test('an object is as wanted by its hash, whatever else is on it', () => {
  const object = sealed(wanted({ note: 'a' }));
  const stored = (given: object) =>
    ({ metadata: { ...object.metadata, uid: 'u', resourceVersion: '1', ...given } }) as never;
  expect(isAsWanted(stored({ labels: { foreign: 'x' } }), object)).toBe(true);
  expect(isAsWanted(stored({}), sealed(wanted({ note: 'b' })))).toBe(false);
  expect(isAsWanted(stored({ annotations: {} }), object)).toBe(false);
});
