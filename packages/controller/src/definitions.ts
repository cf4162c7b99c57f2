// `/manager --upgrade-crds`, which the chart runs before an upgrade: the cluster's definitions of our kinds become this
// program's. Helm makes what is in a chart's `crds/` once, and never changes it; what an older definition (or ARC's)
// does not know, the API server drops from every object that we write.
import { customResourceDefinitions } from '@muster/api';
import { KubeError } from '@muster/kube';
import type { Kind, KubeClient, KubeObject, Log } from '@muster/kube';

interface Definition extends KubeObject {
  spec: unknown;
}

const DefinitionKind: Kind<Definition> = {
  apiVersion: 'apiextensions.k8s.io/v1',
  kind: 'CustomResourceDefinition',
  plural: 'customresourcedefinitions',
  namespaced: false,
};

interface Deps {
  kube: KubeClient;
  log: Log;
}

/**
 * Replaces each spec whole, in one request that meets no conflict, and touches nothing else of a definition.
 * *Throws* `not-found` with the names of those that are not there, once the others are replaced: making them would
 * need a right that cannot be limited to them. Where there is none at all it is an installation, whose tool makes them
 * later: Argo CD runs the hook of an upgrade before the first sync too.
 */
export async function upgradeDefinitions({ kube, log }: Deps, signal: AbortSignal): Promise<void> {
  const absent: string[] = [];
  const definitions = customResourceDefinitions();
  for (const { metadata, spec } of definitions) {
    const { name } = metadata;
    const replace = { op: 'replace', path: '/spec', value: spec } as const;
    const replaced = await kube.patchJson(DefinitionKind, { name }, [replace], { signal });
    if (replaced === undefined) absent.push(name);
    else log.info('definition replaced', { name, generation: replaced.metadata.generation ?? 0 });
  }
  if (absent.length === definitions.length) {
    log.warn('the cluster has no definition of ours yet; nothing was replaced');
  } else if (absent.length > 0) {
    throw new KubeError(
      'not-found',
      `the cluster has no definition of ${absent.join(', ')}: make them with \`kubectl create\` from the chart's crds/`,
    );
  }
}
