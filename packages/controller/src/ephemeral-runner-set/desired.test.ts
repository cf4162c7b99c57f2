import { aSet } from '@muster/api/testing';
import type { EphemeralRunnerSet } from '@muster/api';
import { describe, expect, test } from 'vitest';
import { newNames, runnerOf } from './desired.ts';
import { proxySecret, proxyState } from './proxy.ts';

const settings = { excludedLabelPrefixes: ['example.com/'] };

const annotated = (annotations: Record<string, string>): EphemeralRunnerSet =>
  aSet({ metadata: { annotations } });

describe('a new runner', () => {
  test('53: is held by both finalizers from its creation, the main one first', () => {
    expect(runnerOf(aSet(), 'a', settings).metadata.finalizers).toEqual([
      'ephemeralrunner.actions.github.com/finalizer',
      'ephemeralrunner.actions.github.com/runner-registration-finalizer',
    ]);
  });

  test('40: has the annotations of its set as they are when it is made', () => {
    const before = runnerOf(annotated({ note: 'initial' }), 'a', settings);
    const after = runnerOf(annotated({ note: 'updated', more: 'key' }), 'b', settings);
    expect(before.metadata.annotations).toMatchObject({ note: 'initial' });
    expect(after.metadata.annotations).toMatchObject({ note: 'updated', more: 'key' });
  });

  test('77: has the labels of its set, but for the excluded ones, and those for runners below them', () => {
    const set = aSet({
      metadata: { labels: { team: 'set', 'example.com/kept': 'here' } },
      spec: { ephemeralRunnerMetadata: { labels: { team: 'runner', floor: '3' } } },
    });
    expect(runnerOf(set, 'a', settings).metadata.labels).toEqual({
      team: 'set',
      floor: '3',
      'app.kubernetes.io/component': 'runner',
    });
  });

  test('81: is owned by its set alone', () => {
    expect(runnerOf(aSet(), 'a', settings).metadata.ownerReferences).toEqual([
      {
        apiVersion: 'actions.github.com/v1alpha1',
        kind: 'EphemeralRunnerSet',
        name: 'linux',
        uid: 'uid-of-linux',
        controller: true,
        blockOwnerDeletion: true,
      },
    ]);
  });

  test('52: reaches GitHub as its set says, with the same certificates', () => {
    const githubServerTLS = { certificateFrom: { configMapKeyRef: { name: 'ca', key: 'ca.crt' } } };
    const { ephemeralRunnerSpec } = aSet().spec;
    const set = aSet({
      spec: { ephemeralRunnerSpec: { ...ephemeralRunnerSpec, githubServerTLS } },
    });
    expect(runnerOf(set, 'a', settings).spec).toEqual(set.spec.ephemeralRunnerSpec);
  });
});

describe('a set with a proxy', () => {
  const { ephemeralRunnerSpec } = aSet().spec;
  const proxy = {
    http: { url: 'http://proxy.example.com', credentialSecretRef: 'proxy-user' },
    noProxy: ['example.com'],
  };
  const set = aSet({
    metadata: { namespace: 'arc-runners' },
    spec: { ephemeralRunnerSpec: { ...ephemeralRunnerSpec, proxy } },
  });
  const flat = {
    http_proxy: 'http://test:password@proxy.example.com',
    https_proxy: '',
    no_proxy: 'example.com',
  };

  test('50: has a Secret of exactly three keys, which its runners refer to', () => {
    const { metadata, data } = proxySecret(set, flat);
    expect(metadata.name).toBe('linux-754b578d-runner-proxy');
    expect(runnerOf(set, 'a', settings).spec.proxySecretRef).toBe(metadata.name);
    const read = Object.entries(data ?? {}).map(([key, value]) => [
      key,
      Buffer.from(value, 'base64').toString(),
    ]);
    expect(Object.fromEntries(read)).toEqual(flat);
  });

  test('78: tells a Secret of other settings by its hash', () => {
    const stored = {
      ...proxySecret(set, flat),
      metadata: {
        ...proxySecret(set, flat).metadata,
        uid: 'u',
        resourceVersion: '1',
        creationTimestamp: '',
      },
    };
    expect(proxyState(stored, flat).is).toBe('current');
    expect(proxyState(stored, { ...flat, no_proxy: '' }).is).toBe('stale');
  });
});

describe('names of new runners', () => {
  test('are the same for the same question, and others in another generation', () => {
    const question = { from: 0, taken: new Set<string>() };
    const names = newNames(aSet(), 3, question);
    expect(newNames(aSet(), 3, question)).toEqual(names);
    const later = newNames(aSet({ metadata: { generation: 2 } }), 3, question);
    expect(later.filter((name) => names.includes(name))).toEqual([]);
  });

  test('skip those that are taken', () => {
    const [first = '', ...rest] = newNames(aSet(), 3, { from: 0, taken: new Set() });
    expect(newNames(aSet(), 2, { from: 0, taken: new Set([first]) })).toEqual(rest);
  });

  test('fit into a label', () => {
    const set = aSet({ metadata: { name: 'x'.repeat(63) } });
    const [name = ''] = newNames(set, 1, { from: 0, taken: new Set() });
    expect(name).toMatch(/^x{55}[0-9a-f]{8}$/);
  });
});
