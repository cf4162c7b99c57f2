// The three patches, as functions.
import { describe, expect, test } from 'vitest';
import { jsonPatch } from './json-patch.ts';
import { mergePatch } from './merge.ts';
import { strategicMergePatch } from './strategic.ts';

describe('a merge patch', () => {
  test.each([
    { name: 'sets and keeps', to: { a: 1, b: 2 }, patch: { b: 3 }, gives: { a: 1, b: 3 } },
    {
      name: 'deletes by null',
      to: { a: 1, b: { c: 2, d: 3 } },
      patch: { a: null, b: { c: null } },
      gives: { b: { d: 3 } },
    },
    { name: 'replaces a list whole', to: { a: [1, 2] }, patch: { a: [3] }, gives: { a: [3] } },
    {
      name: 'drops nulls below a new object',
      to: {},
      patch: { a: { b: null, c: 1 } },
      gives: { a: { c: 1 } },
    },
  ])('$name', ({ to, patch, gives }) => {
    expect(mergePatch(to, patch)).toEqual(gives);
  });
});

describe('a JSON patch', () => {
  test.each([
    {
      name: 'adds a field',
      to: { a: 1 },
      op: { op: 'add', path: '/b', value: 2 },
      gives: { a: 1, b: 2 },
    },
    {
      name: 'adds into a list',
      to: { a: [1, 3] },
      op: { op: 'add', path: '/a/1', value: 2 },
      gives: { a: [1, 2, 3] },
    },
    {
      name: 'adds at the end',
      to: { a: [1] },
      op: { op: 'add', path: '/a/-', value: 2 },
      gives: { a: [1, 2] },
    },
    { name: 'removes', to: { a: [1, 2] }, op: { op: 'remove', path: '/a/0' }, gives: { a: [2] } },
    {
      name: 'replaces',
      to: { a: 1 },
      op: { op: 'replace', path: '/a', value: 2 },
      gives: { a: 2 },
    },
    { name: 'moves', to: { a: 1 }, op: { op: 'move', from: '/a', path: '/b' }, gives: { b: 1 } },
    {
      name: 'copies',
      to: { a: 1 },
      op: { op: 'copy', from: '/a', path: '/b' },
      gives: { a: 1, b: 1 },
    },
    {
      name: 'unescapes pointers',
      to: { 'a/b~c': 1 },
      op: { op: 'replace', path: '/a~1b~0c', value: 2 },
      gives: { 'a/b~c': 2 },
    },
  ])('$name', ({ to, op, gives }) => {
    expect(jsonPatch(to, [op])).toEqual(gives);
  });

  test.each([
    { op: 'test', path: '/a', value: 2 },
    { op: 'remove', path: '/b' },
    { op: 'replace', path: '/b', value: 1 },
  ])('refuses %j when it does not fit', (op) => {
    expect(() => jsonPatch({ a: 1 }, [op])).toThrow();
  });
});

describe('a strategic merge patch', () => {
  const containers = [
    { name: 'a', image: 'a:1', env: [{ name: 'X', value: '1' }] },
    { name: 'b', image: 'b:1' },
  ];

  test.each([
    {
      name: 'merges containers by name and their env by name',
      to: { containers },
      patch: { containers: [{ name: 'a', env: [{ name: 'Y', value: '2' }] }] },
      gives: {
        containers: [
          {
            name: 'a',
            image: 'a:1',
            env: [
              { name: 'X', value: '1' },
              { name: 'Y', value: '2' },
            ],
          },
          { name: 'b', image: 'b:1' },
        ],
      },
    },
    {
      name: 'deletes an item',
      to: { containers },
      patch: { containers: [{ name: 'a', $patch: 'delete' }] },
      gives: { containers: [{ name: 'b', image: 'b:1' }] },
    },
    {
      name: 'replaces a list when told so',
      to: { containers },
      patch: { containers: [{ $patch: 'replace' }, { name: 'c', image: 'c:1' }] },
      gives: { containers: [{ name: 'c', image: 'c:1' }] },
    },
    {
      name: 'orders items as asked',
      to: { containers },
      patch: { '$setElementOrder/containers': [{ name: 'b' }, { name: 'a' }] },
      gives: { containers: [containers[1], containers[0]] },
    },
    {
      name: 'adds finalizers and takes them away one by one',
      to: { finalizers: ['a', 'b'] },
      patch: { '$deleteFromPrimitiveList/finalizers': ['a'], finalizers: ['c'] },
      gives: { finalizers: ['b', 'c'] },
    },
    {
      name: 'keeps only the keys it is told to retain',
      to: { volumes: [{ name: 'v', emptyDir: {} }] },
      patch: {
        volumes: [{ name: 'v', $retainKeys: ['name', 'secret'], secret: { secretName: 's' } }],
      },
      gives: { volumes: [{ name: 'v', secret: { secretName: 's' } }] },
    },
    {
      name: 'replaces lists without a key',
      to: { args: ['a', 'b'] },
      patch: { args: ['c'] },
      gives: { args: ['c'] },
    },
    {
      name: 'tells a container port from a service port',
      to: { ports: [{ port: 80, targetPort: 1 }] },
      patch: { ports: [{ port: 80, targetPort: 2 }] },
      gives: { ports: [{ port: 80, targetPort: 2 }] },
    },
  ])('$name', ({ to, patch, gives }) => {
    expect(strategicMergePatch(to, patch)).toEqual(gives);
  });
});
