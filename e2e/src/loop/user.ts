// What a platform engineer applies: what the two charts would.
import { create, createCrds, operatorManifests, scaleSetManifests } from '@muster/cli';
import type { ScaleSetWish } from '@muster/cli';
import type { KubeClient } from '@muster/kube';

export const RUNNER_SET = { namespace: 'runners', name: 'linux' };

export type Limits = Pick<ScaleSetWish, 'minRunners' | 'maxRunners'>;

export async function installOperator(kube: KubeClient): Promise<void> {
  await createCrds(kube);
  await create(kube, operatorManifests());
}

export async function installRunnerSet(kube: KubeClient, limits: Limits): Promise<void> {
  const configUrl = 'http://github.example.com/my-org';
  await create(kube, scaleSetManifests({ ...RUNNER_SET, configUrl, ...limits }));
}
