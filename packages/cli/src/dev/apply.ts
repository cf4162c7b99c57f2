// `kubectl create -f`, for a cluster that was made a moment ago.
import { readdir, readFile } from 'node:fs/promises';
import { parse } from 'yaml';
import type { Kind, KubeClient } from '@muster/kube';
import type { Manifest } from './manifests.ts';

const CRDS = new URL('../../../../charts/gha-runner-scale-set-controller/crds/', import.meta.url);

const CLUSTER_SCOPED = [
  'Namespace',
  'ClusterRole',
  'ClusterRoleBinding',
  'CustomResourceDefinition',
];

/** One after the other, in the order given. */
export async function create(kube: KubeClient, manifests: readonly Manifest[]): Promise<void> {
  for (const manifest of manifests) {
    await kube.create(kindOf(manifest), manifest);
  }
}

/** The CRDs from the operator chart's folder. */
export async function readCrds(): Promise<Manifest[]> {
  const files = (await readdir(CRDS)).filter((file) => file.endsWith('.yaml'));
  return Promise.all(
    files.map(async (file) => parse(await readFile(new URL(file, CRDS), 'utf8')) as Manifest),
  );
}

function kindOf({ apiVersion, kind }: Manifest): Kind {
  return {
    apiVersion,
    kind,
    plural: `${kind.toLowerCase()}s`,
    namespaced: !CLUSTER_SCOPED.includes(kind),
  };
}
