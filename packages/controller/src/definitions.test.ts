import { API_VERSION, AutoscalingRunnerSetKind, customResourceDefinitions } from '@muster/api';
import { createCluster } from '@muster/devcluster';
import { createKubeClient } from '@muster/kube';
import { recordedLog, silentLog } from '@muster/kube/testing';
import type { Kind, KubeClient, KubeObject } from '@muster/kube';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { upgradeDefinitions } from './definitions.ts';

interface Definition extends KubeObject {
  spec: { versions: { schema: { openAPIV3Schema: { properties: object } } }[] };
}

const DefinitionKind: Kind<Definition> = {
  apiVersion: 'apiextensions.k8s.io/v1',
  kind: 'CustomResourceDefinition',
  plural: 'customresourcedefinitions',
  namespaced: false,
};

const OURS = customResourceDefinitions() as unknown as Definition[];
const signal = new AbortController().signal;

let cluster: ReturnType<typeof createCluster>;
let kube: KubeClient;

beforeEach(() => {
  cluster = createCluster();
  const fetch = (request: Request): Promise<Response> => {
    request.headers.set('authorization', `Bearer ${cluster.adminToken}`);
    return cluster.fetch(request);
  };
  kube = createKubeClient({ fetch });
});

afterEach(async () => {
  await kube.close();
  cluster.close();
});

/** As an older release, or ARC, left it: it knows no status. */
function older(definition: Definition): Definition {
  const copy = structuredClone(definition);
  for (const { schema } of copy.spec.versions) {
    Object.assign(schema.openAPIV3Schema.properties, { status: { type: 'object' } });
  }
  copy.metadata.annotations = { 'controller-gen.kubebuilder.io/version': 'v0.20.1' };
  return copy;
}

async function statusThatIsKept(name: string): Promise<unknown> {
  const at = { namespace: 'default', name };
  const { kind } = AutoscalingRunnerSetKind;
  const spec = { githubConfigUrl: 'https://github.com/o' };
  await kube.create(AutoscalingRunnerSetKind, {
    ...{ apiVersion: API_VERSION, kind, metadata: at },
    spec,
  });
  const status = { phase: 'Running' };
  return (await kube.patchStatus(AutoscalingRunnerSetKind, at, { status }))?.status;
}

test('what older definitions drop is kept afterwards, and their metadata stays', async () => {
  for (const definition of OURS) await kube.create(DefinitionKind, older(definition));
  expect(await statusThatIsKept('before')).toEqual({});
  const log = recordedLog();
  await upgradeDefinitions({ kube, log }, signal);
  expect(await statusThatIsKept('after')).toEqual({ phase: 'Running' });
  for (const { metadata, spec } of OURS) {
    const now = await kube.get(DefinitionKind, { name: metadata.name });
    expect(now?.spec).toMatchObject(spec);
    expect(now?.metadata.annotations).toEqual({
      'controller-gen.kubebuilder.io/version': 'v0.20.1',
    });
  }
  expect(log.lines.map(({ fields }) => fields['name'])).toEqual(
    OURS.map(({ metadata }) => metadata.name),
  );
});

test('what is up to date already stays the same version of itself', async () => {
  for (const definition of OURS) await kube.create(DefinitionKind, definition);
  const generations = async (): Promise<unknown[]> =>
    Promise.all(
      OURS.map(async ({ metadata: { name } }) => {
        const found = await kube.get(DefinitionKind, { name });
        return found?.metadata.generation;
      }),
    );
  const before = await generations();
  await upgradeDefinitions({ kube, log: silentLog }, signal);
  expect(await generations()).toEqual(before);
});

test('one that is not there is named, when the others are replaced', async () => {
  const [first, ...others] = OURS.map(older);
  for (const definition of others) await kube.create(DefinitionKind, definition);
  await expect(upgradeDefinitions({ kube, log: silentLog }, signal)).rejects.toMatchObject({
    code: 'not-found',
    message: `the cluster has no definition of ${first?.metadata.name ?? ''}: make them with \`kubectl create\` from the chart's crds/`,
  });
  const last = await kube.get(DefinitionKind, { name: others.at(-1)?.metadata.name ?? '' });
  expect(last?.spec).toMatchObject(OURS.at(-1)?.spec ?? {});
});

test('before the first installation there is nothing to replace, which is said', async () => {
  const log = recordedLog();
  await upgradeDefinitions({ kube, log }, signal);
  expect(log.lines).toEqual([
    {
      level: 'warn',
      message: 'the cluster has no definition of ours yet; nothing was replaced',
      fields: {},
    },
  ]);
});
