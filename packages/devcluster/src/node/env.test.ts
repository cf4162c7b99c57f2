import { describe, expect, test } from 'vitest';
import { environment, expand } from './env.ts';
import { fieldOf, resourceOf } from './fields.ts';
import type { Container, Pod } from './pod.ts';
import type { Sources } from './sources.ts';

describe('expansion', () => {
  const known = { A: 'a', B: '$(A)' };
  test.each([
    { text: '$(A)-$(A)', gives: 'a-a' },
    { text: '$(NONE)', gives: '$(NONE)' },
    { text: '$$(A)', gives: '$(A)' },
    { text: '$$$(A)', gives: '$a' },
    { text: '$(B)', gives: '$(A)' },
    { text: '$A ${A} $(A', gives: '$A ${A} $(A' },
    { text: '100%$', gives: '100%$' },
  ])('$text gives $gives', ({ text, gives }) => {
    expect(expand(text, known)).toBe(gives);
  });
});

const container: Container = {
  name: 'main',
  resources: { limits: { cpu: '1500m', memory: '64Mi' } },
};
const pod: Pod = {
  metadata: {
    name: 'a',
    namespace: 'ns',
    uid: 'u',
    labels: { 'x/y': '1', b: 'say "hi"' },
  },
  spec: { containers: [container] },
};
const placed = { pod, podIp: '127.1.2.3', nodeName: 'node-1' };

test.each([
  { path: 'metadata.namespace', gives: 'ns' },
  { path: "metadata.labels['x/y']", gives: '1' },
  { path: "metadata.labels['none']", gives: '' },
  { path: 'metadata.labels', gives: 'b="say \\"hi\\""\nx/y="1"' },
  { path: 'spec.serviceAccountName', gives: 'default' },
  { path: 'status.podIP', gives: '127.1.2.3' },
  { path: 'spec.nothing', gives: undefined },
])('the field $path', ({ path, gives }) => {
  expect(fieldOf(path, placed)).toBe(gives);
});

test.each([
  { resource: 'limits.cpu', gives: '2' },
  { resource: 'limits.cpu', divisor: '1m', gives: '1500' },
  { resource: 'limits.memory', divisor: '1Mi', gives: '64' },
  { resource: 'requests.memory', gives: '0' },
])('the resource $resource by $divisor', ({ gives, ...ref }) => {
  expect(resourceOf(ref, pod, 'main')).toBe(gives);
});

const sources = (secrets: Record<string, Record<string, string>>): Sources => ({
  data: (kind, name) => {
    const found = kind === 'secret' ? secrets[name] : undefined;
    return Promise.resolve(
      found && new Map(Object.entries(found).map(([key, text]) => [key, Buffer.from(text)])),
    );
  },
  token: () => Promise.resolve(''),
});

const envOf = (more: Partial<Container>): Promise<Record<string, string>> =>
  environment({
    container: { ...container, ...more },
    services: { SERVICE: 'host', K: 'host' },
    placed,
    sources: sources({ s: { K: 'secret', L: 'more' } }),
  });

test('later layers win: Services, then envFrom, then env', async () => {
  expect(
    await envOf({
      envFrom: [{ secretRef: { name: 's' } }, { prefix: 'P_', secretRef: { name: 's' } }],
      env: [{ name: 'L', value: '$(P_K) and $(SERVICE)' }],
    }),
  ).toEqual({ SERVICE: 'host', K: 'secret', L: 'secret and host', P_K: 'secret', P_L: 'more' });
});

test.each([
  {
    name: 'a Secret that is not there',
    ref: { name: 'none', key: 'K' },
    says: 'secret "none" not found',
  },
  {
    name: 'a key that is not there',
    ref: { name: 's', key: 'none' },
    says: "couldn't find key none in Secret ns/s",
  },
])('$name is said, unless it is optional', async ({ ref, says }) => {
  const env = (optional: boolean): Partial<Container> => ({
    env: [{ name: 'X', valueFrom: { secretKeyRef: { ...ref, optional } } }],
  });
  await expect(envOf(env(false))).rejects.toThrow(says);
  expect(await envOf(env(true))).toEqual({ SERVICE: 'host', K: 'host' });
});
