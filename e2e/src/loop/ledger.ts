// What is there, and what came of the jobs: what a story ends with, in whatever order it went.
import type { KubeClient } from '@muster/kube';
import type { Simulator } from '@muster/simulator';
import { OUR_KINDS } from '../our-kinds.ts';

const OWN = new Set(['muster-system', 'runners']);

/** `Kind namespace/name` of all that anybody made in our namespaces. */
export async function inventory(kube: KubeClient): Promise<string[]> {
  const lists = await Promise.all(
    OUR_KINDS.map(async (kind) => {
      const { items } = await kube.list(kind);
      return items
        .filter(
          ({ metadata: { namespace, name } }) => OWN.has(namespace ?? '') && name !== 'default',
        )
        .map(({ metadata }) => `${kind.kind} ${metadata.namespace ?? ''}/${metadata.name}`);
    }),
  );
  return lists.flat();
}

/** What the charts and nobody else made. */
export const INSTALLED: readonly string[] = [
  'Pod muster-system/muster-gha-rs-controller',
  'Secret runners/github-config-secret',
  'ServiceAccount muster-system/muster-gha-rs-controller',
  'Role muster-system/muster-gha-rs-controller-listener',
  'Role runners/linux-gha-rs-manager',
  'RoleBinding muster-system/muster-gha-rs-controller-listener',
  'RoleBinding runners/linux-gha-rs-manager',
];

export interface JobAccount {
  job: string;
  result: string | undefined;
  /** How often it began to run. */
  runs: number;
}

/** Of every job that there ever was, in the order in which they were queued. */
export function jobAccounts(simulator: Simulator): JobAccount[] {
  const runs = new Map<string, number>();
  for (const event of simulator.events.since(0)) {
    if (event.type !== 'job' || event.job.state !== 'running') continue;
    runs.set(event.job.id, (runs.get(event.job.id) ?? 0) + 1);
  }
  return simulator.state().jobs.map(({ id, displayName, result }) => ({
    job: displayName,
    result,
    runs: runs.get(id) ?? 0,
  }));
}
