// What every conformance test stands on: a cluster, and a namespace of its own that goes with the test.
import { randomBytes } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import { expect, test as base, vi } from 'vitest';
import type { JsonObject } from '../json.ts';
import type { KubeObject } from '../object.ts';
import type { ApiUser, Answer, Failure } from '../testing.ts';
import { aBoat, boatDefinition } from './boats.ts';
import { openTarget } from './target.ts';
import type { Target } from './target.ts';

// A real cluster's controllers take their time; each test still ends as soon as it knows.
vi.setConfig({ testTimeout: 60_000, hookTimeout: 60_000 });

export interface Space {
  name: string;
  /** The path of a resource in this namespace: `pods`, or `apps/v1/deployments`. */
  of: (resource: string) => string;
}

export interface Boats {
  /** `boats.<group>`, which is its definition's name and its resource's. */
  definition: string;
  group: string;
  of: (space: Space) => string;
  aBoat: (name: string, spec?: JsonObject, metadata?: JsonObject) => JsonObject;
}

interface Ground {
  target: Target;
  admin: ApiUser;
  space: Space;
  boats: Boats;
}

export const CRDS = '/apis/apiextensions.k8s.io/v1/customresourcedefinitions';
export const SPACES = '/api/v1/namespaces';

export const unique = (prefix: string): string => `${prefix}-${randomBytes(4).toString('hex')}`;

const below = (name: string) => (resource: string) => {
  const parts = resource.split('/');
  const plural = parts.pop() ?? '';
  return parts.length === 0
    ? `${SPACES}/${name}/${plural}`
    : `/apis/${parts.join('/')}/namespaces/${name}/${plural}`;
};

async function makeSpace(admin: ApiUser): Promise<Space> {
  const name = unique('conformance');
  const of = below(name);
  await admin.post(SPACES, { metadata: { name } });
  // Pods need the account, and it comes a moment after the namespace.
  await eventually(async () => (await admin.get(`${of('serviceaccounts')}/default`)).code === 200);
  return { name, of };
}

async function makeBoats(admin: ApiUser): Promise<Boats> {
  const group = `${unique('harbour')}.test`;
  await admin.post(CRDS, boatDefinition(group));
  await eventually(async () => (await admin.send(`/apis/${group}/v1/boats`, {})).ok);
  return {
    definition: `boats.${group}`,
    group,
    of: (space) => space.of(`${group}/v1/boats`),
    aBoat: (name, spec, metadata) => aBoat(group, { name, ...metadata }, spec),
  };
}

export const test = base.extend<Ground>({
  target: [
    async ({}, use) => {
      const target = await openTarget();
      await use(target);
      await target.close();
    },
    { scope: 'file' },
  ],
  admin: [
    async ({ target }, use) => {
      await use(target.admin);
    },
    { scope: 'file' },
  ],
  boats: [
    async ({ admin }, use) => {
      const boats = await makeBoats(admin);
      await use(boats);
      await admin.delete(`${CRDS}/${boats.definition}`);
    },
    { scope: 'file' },
  ],
  space: async ({ admin }, use) => {
    const space = await makeSpace(admin);
    await use(space);
    await admin.delete(`${SPACES}/${space.name}`);
  },
});

/** Asks until it is so. The dev cluster is as it should be at the first look, a real one a moment later. */
export async function eventually(isSo: () => Promise<boolean>): Promise<void> {
  while (!(await isSo())) await sleep(50);
}

/** Asks until the object is gone. */
export const gone = (user: ApiUser, path: string): Promise<void> =>
  eventually(async () => (await user.get(path)).code === 404);

export const names = (list: { items: KubeObject[] }): string[] =>
  list.items.map(({ metadata }) => metadata.name);

/** The code, the reason and the message of a refusal. */
export const refusal = ({ code, body }: Answer<Failure>): [number, string, string] => [
  code,
  body.reason,
  body.message,
];

/** The same, and which fields it blames. */
export const blamed = ({ code, body }: Answer<Failure>): unknown[] => {
  const causes = (body.details?.['causes'] ?? []) as { reason: string; field: string }[];
  return [code, ...causes.map(({ reason, field }) => `${field} ${reason}`)];
};

export const aString = (pattern: RegExp): string => expect.stringMatching(pattern) as string;
