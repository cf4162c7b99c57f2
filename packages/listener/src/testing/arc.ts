// What a listener meets under ARC's controller: reference/controllers.md 5.3 and 1, reference/protocol.md 8.
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { customResourceDefinitions } from '@muster/api';
import type { ListenedScaleSet } from '@muster/api';
import type { KubeClient } from '@muster/kube';

export type Rule = Record<'apiGroups' | 'resources' | 'verbs', string[]> & {
  resourceNames?: string[];
};

const apiGroups = ['actions.github.com'];

export const arcsRole = (setName: string): Rule[] => [
  { apiGroups, resources: ['ephemeralrunnersets'], resourceNames: [setName], verbs: ['patch'] },
  { apiGroups, resources: ['ephemeralrunners', 'ephemeralrunners/status'], verbs: ['patch'] },
];

/** Every key that ARC's controller writes; those that do not apply are empty. */
export async function arcsConfigFile(folder: string, set: ListenedScaleSet): Promise<string> {
  const { credentials } = set;
  const path = join(folder, 'arc.json');
  const content = {
    configure_url: set.configUrl,
    vault_type: '',
    vault_lookup_key: '',
    github_app_id: '',
    github_app_installation_id: 0,
    github_app_private_key: '',
    github_token: credentials.kind === 'token' ? credentials.token : '',
    ephemeral_runner_set_namespace: set.setNamespace,
    ephemeral_runner_set_name: set.setName,
    max_runners: 2147483647,
    min_runners: 0,
    runner_scale_set_id: set.scaleSetId,
    runner_scale_set_name: set.runnerSetName,
    server_root_ca: '',
    log_level: 'debug',
    log_format: 'text',
    metrics_addr: '',
    metrics_endpoint: '',
    metrics: null,
  };
  await writeFile(path, JSON.stringify(content));
  return path;
}

const OURS: Record<'spec' | 'status', readonly string[]> = {
  spec: ['finishedRunners'],
  status: ['listener', 'blocked', 'conditions'],
};

interface Properties {
  properties: Record<string, Properties>;
}

interface Definition {
  metadata: { name: string };
  spec: { versions: { schema: { openAPIV3Schema: Properties } }[] };
}

function takeOurs({ properties }: Properties): void {
  for (const [part, keys] of Object.entries(OURS)) {
    for (const key of keys) delete properties[part]?.properties[key];
  }
}

/** Ours, without what ARC's do not have. */
export async function installArcsKinds(kube: KubeClient): Promise<void> {
  const crds = {
    apiVersion: 'apiextensions.k8s.io/v1',
    kind: 'CustomResourceDefinition',
    plural: 'customresourcedefinitions',
    namespaced: false,
  };
  const definitions = structuredClone(customResourceDefinitions()) as unknown as Definition[];
  for (const { metadata, spec } of definitions) {
    for (const { schema } of spec.versions) takeOurs(schema.openAPIV3Schema);
    await kube.patch(crds, { name: metadata.name }, { spec });
  }
}
