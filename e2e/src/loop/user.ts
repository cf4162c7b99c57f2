// What a platform engineer applies: what the two charts would.
import { AutoscalingRunnerSetKind, RERUN_ANNOTATION } from '@muster/api';
import { create, operatorManifests, readCrds, scaleSetManifests } from '@muster/cli';
import type { ScaleSetWish } from '@muster/cli';
import type { JsonObject, KubeClient } from '@muster/kube';

export const RUNNER_SET = { namespace: 'runners', name: 'linux' };

export type Limits = Pick<ScaleSetWish, 'minRunners' | 'maxRunners'>;

// Worlds are made by the hundred, and reading these takes longer than a short story.
const CRDS = readCrds();

export async function installOperator(kube: KubeClient): Promise<void> {
  await create(kube, await CRDS);
  await create(kube, operatorManifests());
}

/** As `helm upgrade` does. */
export async function changeRunnerSet(kube: KubeClient, spec: JsonObject): Promise<void> {
  await kube.patch(AutoscalingRunnerSetKind, RUNNER_SET, { spec });
}

/** As `kubectl annotate` does. */
export async function askForReruns(kube: KubeClient): Promise<void> {
  const metadata = { annotations: { [RERUN_ANNOTATION]: 'true' } };
  await kube.patch(AutoscalingRunnerSetKind, RUNNER_SET, { metadata });
}

export async function installRunnerSet(kube: KubeClient, limits: Limits): Promise<void> {
  const configUrl = 'http://github.example.com/my-org';
  await create(kube, scaleSetManifests({ ...RUNNER_SET, configUrl, ...limits }));
}
