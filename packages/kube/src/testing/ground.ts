// What every contract test stands on: a client of the cluster that is asked, which is a dev cluster in
// this process unless MUSTER_TEST_KUBECONFIG names another, and a namespace that goes with the test.
import { randomBytes } from 'node:crypto';
import { test as base, vi } from 'vitest';
import { createKubeClient } from '../client.ts';
import { loadConnection } from '../connection.ts';
import { aCluster } from './cluster.ts';
import { testKubeconfig } from './config.ts';
import type { KubeClientOptions } from '../client.ts';
import type { Kind, KubeObject } from '../object.ts';
import type { KubeClient } from '../types.ts';

// A real cluster's controllers take their time; each test still ends as soon as it knows.
vi.setConfig({ testTimeout: 60_000, hookTimeout: 60_000 });

export interface Ship extends KubeObject {
  spec: { sails?: number; cargo?: Record<string, unknown> };
  status?: { afloat?: boolean; sails?: number };
}

interface Ground {
  /** Another client of the same cluster. */
  connect: (tuning?: Omit<KubeClientOptions, 'connection' | 'fetch'>) => KubeClient;
  client: KubeClient;
  /** A custom kind with every subresource. */
  ships: Kind<Ship>;
  namespace: string;
}

const NamespaceKind: Kind = {
  apiVersion: 'v1',
  kind: 'Namespace',
  plural: 'namespaces',
  namespaced: false,
};

const CrdKind: Kind<KubeObject & { spec: unknown }> = {
  apiVersion: 'apiextensions.k8s.io/v1',
  kind: 'CustomResourceDefinition',
  plural: 'customresourcedefinitions',
  namespaced: false,
};

const unique = (prefix: string): string => `${prefix}-${randomBytes(4).toString('hex')}`;

async function target(): Promise<Pick<Ground, 'connect'> & { close: () => Promise<void> }> {
  const kubeconfig = testKubeconfig();
  const clients: KubeClient[] = [];
  const kept = (client: KubeClient): KubeClient => {
    clients.push(client);
    return client;
  };
  const closeAll = async (): Promise<void> => {
    await Promise.all(clients.map((client) => client.close()));
  };
  if (kubeconfig === undefined) {
    const { cluster, fetch } = aCluster();
    return {
      connect: (tuning) => kept(createKubeClient({ ...tuning, fetch })),
      close: async () => {
        await closeAll();
        cluster.close();
      },
    };
  }
  const connection = await loadConnection({ env: { KUBECONFIG: kubeconfig } });
  return {
    connect: (tuning) => kept(createKubeClient({ ...tuning, connection })),
    close: closeAll,
  };
}

const schema = {
  type: 'object',
  properties: {
    spec: {
      type: 'object',
      properties: {
        sails: { type: 'integer', maximum: 9 },
        cargo: { type: 'object', 'x-kubernetes-preserve-unknown-fields': true },
      },
    },
    status: {
      type: 'object',
      properties: { afloat: { type: 'boolean' }, sails: { type: 'integer' } },
    },
  },
};

async function definition(client: KubeClient): Promise<Kind<Ship>> {
  const group = `${unique('harbour')}.test`;
  const names = { plural: 'ships', kind: 'Ship' };
  const scale = { specReplicasPath: '.spec.sails', statusReplicasPath: '.status.sails' };
  await client.create(CrdKind, {
    apiVersion: CrdKind.apiVersion,
    kind: CrdKind.kind,
    metadata: { name: `ships.${group}` },
    spec: {
      group,
      scope: 'Namespaced',
      names,
      versions: [
        {
          name: 'v1',
          served: true,
          storage: true,
          subresources: { status: {}, scale },
          schema: { openAPIV3Schema: schema },
        },
      ],
    },
  });
  const kind: Kind<Ship> = { apiVersion: `${group}/v1`, ...names, namespaced: true };
  // The server serves it a moment later.
  await eventually(() =>
    client.list(kind).then(
      () => true,
      () => false,
    ),
  );
  return kind;
}

export const test = base.extend<Ground>({
  connect: [
    async ({}, use) => {
      const { connect, close } = await target();
      await use(connect);
      await close();
    },
    { scope: 'file' },
  ],
  client: [
    async ({ connect }, use) => {
      await use(connect());
    },
    { scope: 'file' },
  ],
  ships: [
    async ({ client }, use) => {
      const kind = await definition(client);
      await use(kind);
      const [group = ''] = kind.apiVersion.split('/');
      await client.delete(CrdKind, { name: `ships.${group}` });
    },
    { scope: 'file' },
  ],
  namespace: async ({ client }, use) => {
    const name = unique('kube');
    await client.create(NamespaceKind, { apiVersion: 'v1', kind: 'Namespace', metadata: { name } });
    await use(name);
    await client.delete(NamespaceKind, { name });
  },
});

const LOOK_AGAIN_MS = 20;

/** Asks until it is so; the test's own time-out ends it. */
export async function eventually(isSo: () => boolean | Promise<boolean>): Promise<void> {
  while (!(await isSo())) await new Promise((resolve) => setTimeout(resolve, LOOK_AGAIN_MS));
}
