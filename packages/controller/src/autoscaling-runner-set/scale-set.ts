// The scale set at GitHub (reference/controllers.md 2.2.8 to 2.2.10).
import type { ActionsClient } from '@muster/actions';
import { ActionsError } from '@muster/actions';
import { ANNOTATIONS, scaleSetNameOf } from '@muster/api';
import type { AutoscalingRunnerSet } from '@muster/api';
import { urlLabels } from '../labels.ts';
import { scaleSetIdOf } from './desired.ts';

const DEFAULT_GROUP = 1;

interface ScaleSet {
  id: number;
  name: string;
  runnerGroupName?: string;
}

/** The one of this name and group, made when there is none. */
export async function registerScaleSet(
  runnerSet: AutoscalingRunnerSet,
  client: ActionsClient,
): Promise<ScaleSet> {
  const name = scaleSetNameOf(runnerSet);
  const runnerGroupId = await groupId(runnerSet.spec.runnerGroup, client);
  const found = await client.findScaleSet({ name, runnerGroupId });
  if (found) return found;
  const labels = runnerSet.spec.runnerScaleSetLabels;
  return client.createScaleSet({ name, runnerGroupId, ...(labels && { labels }) });
}

export const moveScaleSet = async (
  runnerSet: AutoscalingRunnerSet,
  client: ActionsClient,
): Promise<ScaleSet> =>
  client.updateScaleSet(scaleSetIdOf(runnerSet) ?? 0, {
    runnerGroupId: await groupId(runnerSet.spec.runnerGroup, client),
  });

export const renameScaleSet = (
  runnerSet: AutoscalingRunnerSet,
  client: ActionsClient,
): Promise<ScaleSet> =>
  client.updateScaleSet(scaleSetIdOf(runnerSet) ?? 0, { name: scaleSetNameOf(runnerSet) });

/** What the runner set keeps of it. */
export const scaleSetMetadata = (
  runnerSet: AutoscalingRunnerSet,
  scaleSet: ScaleSet,
): Record<'annotations' | 'labels', Record<string, string>> => ({
  annotations: {
    [ANNOTATIONS.scaleSetId]: String(scaleSet.id),
    [ANNOTATIONS.scaleSetName]: scaleSet.name,
    // Never what is missing: an absent group would be asked for again and again.
    [ANNOTATIONS.runnerGroup]: scaleSet.runnerGroupName ?? runnerSet.spec.runnerGroup ?? 'Default',
  },
  labels: urlLabels(runnerSet.spec.githubConfigUrl ?? ''),
});

async function groupId(name: string | undefined, client: ActionsClient): Promise<number> {
  if (name === undefined || name === '') return DEFAULT_GROUP;
  const group = await client.findRunnerGroup(name);
  if (group) return group.id;
  throw new ActionsError('not-found', `there is no runner group "${name}"`);
}
