// The dev cluster's program, with our kinds in it, and the account of a pod that may do all.
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { API_VERSION, customResourceDefinitions, EphemeralRunnerSetKind } from '@muster/api';
import { loadConnection } from '@muster/kube';
import type { Connection, Kind, KubeClient, KubeObject, Unsaved } from '@muster/kube';
import type { Rule } from './arc.ts';

export const NAMESPACE = 'runners';
const ACCOUNT = 'var/run/secrets/kubernetes.io/serviceaccount';

export interface DevCluster {
  connection: Connection;
  end: () => Promise<void>;
}

export async function devCluster(folder: string): Promise<DevCluster> {
  const images = join(folder, 'images.json');
  await writeFile(images, '{"images":{}}');
  const main = fileURLToPath(import.meta.resolve('@muster/devcluster/main'));
  const args = [main, '--dir', join(folder, 'cluster'), '--images', images, '--with-parent'];
  const child = spawn(process.execPath, args, { stdio: ['pipe', 'pipe', 'ignore'] });
  for await (const line of createInterface({ input: child.stdout })) {
    const kubeconfig = /^ready (.+)$/.exec(line)?.[1];
    if (kubeconfig === undefined) continue;
    const connection = await loadConnection({ env: { KUBECONFIG: kubeconfig } });
    return {
      connection,
      end: async () => {
        child.stdin.end();
        if (child.exitCode === null) await once(child, 'close');
      },
    };
  }
  throw new Error('the dev cluster did not start');
}

export async function writeAccount(
  folder: string,
  connection: Connection,
  ownToken?: string,
): Promise<void> {
  const { authorization = '' } = await connection.headers();
  await mkdir(join(folder, ACCOUNT), { recursive: true });
  const files = {
    token: ownToken ?? authorization.replace(/^Bearer /, ''),
    'ca.crt': String(connection.tls.ca),
    namespace: NAMESPACE,
  };
  for (const [name, content] of Object.entries(files)) {
    await writeFile(join(folder, ACCOUNT, name), content);
  }
}

/** A ServiceAccount that may do that in the namespace; gives its token. */
export async function allowed(
  kube: KubeClient,
  name: string,
  rules: readonly Rule[],
): Promise<string> {
  const core = { apiVersion: 'v1', namespaced: true };
  const rbac = { apiVersion: 'rbac.authorization.k8s.io/v1', namespaced: true };
  const metadata = { namespace: NAMESPACE, name };
  const make = (kind: Kind, more: object): Promise<unknown> =>
    kube.create(kind, { apiVersion: kind.apiVersion, kind: kind.kind, metadata, ...more });
  await make({ ...core, kind: 'ServiceAccount', plural: 'serviceaccounts' }, {});
  await make({ ...rbac, kind: 'Role', plural: 'roles' }, { rules });
  await make(
    { ...rbac, kind: 'RoleBinding', plural: 'rolebindings' },
    {
      roleRef: { apiGroup: 'rbac.authorization.k8s.io', kind: 'Role', name },
      subjects: [{ kind: 'ServiceAccount', name, namespace: NAMESPACE }],
    },
  );
  const token = { kind: 'TokenRequest', plural: `serviceaccounts/${name}/token` };
  const made = await kube.create<KubeObject & { status: { token: string } }>(
    { ...core, ...token },
    { apiVersion: 'authentication.k8s.io/v1', kind: 'TokenRequest', metadata, spec: {} } as never,
  );
  return made.status.token;
}

export async function prepare(kube: KubeClient): Promise<void> {
  const clusterWide = { kind: '', namespaced: false };
  for (const definition of customResourceDefinitions()) {
    await kube.create(
      {
        ...clusterWide,
        apiVersion: 'apiextensions.k8s.io/v1',
        plural: 'customresourcedefinitions',
      },
      definition as unknown as Unsaved<KubeObject>,
    );
  }
  const namespace = { apiVersion: 'v1', kind: 'Namespace', metadata: { name: NAMESPACE } };
  await kube.create({ ...clusterWide, apiVersion: 'v1', plural: 'namespaces' }, namespace);
}

export const template = {
  apiVersion: API_VERSION,
  spec: {
    githubConfigUrl: 'http://github.example.com/my-org',
    githubConfigSecret: 'github-config-secret',
    runnerScaleSetId: 1,
    spec: { containers: [{ name: 'runner', image: 'runner' }] },
  },
};

export async function makeSet(kube: KubeClient, name: string): Promise<void> {
  await kube.create(EphemeralRunnerSetKind, {
    apiVersion: API_VERSION,
    kind: 'EphemeralRunnerSet',
    metadata: { namespace: NAMESPACE, name },
    spec: { replicas: 0, patchID: 0, ephemeralRunnerSpec: template.spec },
  });
}
