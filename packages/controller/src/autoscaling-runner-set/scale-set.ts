// The scale set at GitHub (reference/controllers.md 2.2.8 to 2.2.10), and what the runner set keeps of it.
import type { ActionsClient } from '@muster/actions';
import { ActionsError } from '@muster/actions';
import { annotation, ANNOTATIONS, LABELS, scaleSetNameOf } from '@muster/api';
import type { AutoscalingRunnerSet } from '@muster/api';
import { urlLabels } from '../labels.ts';
import { labelsAskedFor, labelsWanted, scaleSetIdOf } from './identity.ts';

const DEFAULT_GROUP = 1;

interface ScaleSet {
  id: number;
  name: string;
  runnerGroupName?: string;
  labels?: readonly { name: string }[];
}

/** One step at GitHub: from a runner set to its metadata as they are to be then. */
export type ScaleSetStep = (
  runnerSet: AutoscalingRunnerSet,
  client: ActionsClient,
) => Promise<ScaleSetMetadata>;

/** The one of this name and group, made when there is none. */
export const register: ScaleSetStep = async (runnerSet, client) => {
  const name = scaleSetNameOf(runnerSet);
  const runnerGroupId = await groupId(runnerSet.spec.runnerGroup, client);
  const found = await client.findScaleSet({ name, runnerGroupId });
  if (found) return metadataOf(runnerSet, found, namesOf(found));
  const labels = labelsWanted(runnerSet);
  const made = await client.createScaleSet({ name, runnerGroupId, labels });
  return metadataOf(runnerSet, made, labels);
};

export const move: ScaleSetStep = async (runnerSet, client) => {
  const runnerGroupId = await groupId(runnerSet.spec.runnerGroup, client);
  const moved = await client.updateScaleSet(idOf(runnerSet), { runnerGroupId });
  return metadataOf(runnerSet, moved, labelsAskedFor(runnerSet));
};

/** With its labels: the name is one of them, and `runs-on` looks at nothing else. */
export const rename: ScaleSetStep = async (runnerSet, client) => {
  const labels = labelsWanted(runnerSet);
  const change = { name: scaleSetNameOf(runnerSet), labels };
  return metadataOf(runnerSet, await client.updateScaleSet(idOf(runnerSet), change), labels);
};

/** Kept as asked for: an old GitHub Enterprise Server drops more than one label without a word. */
export const relabel: ScaleSetStep = async (runnerSet, client) => {
  const labels = labelsWanted(runnerSet);
  return metadataOf(runnerSet, await client.updateScaleSet(idOf(runnerSet), { labels }), labels);
};

/** Makes it anew if GitHub has lost it; takes note of what somebody else made of it. */
export const restore: ScaleSetStep = async (runnerSet, client) => {
  const there = await client.getScaleSet(idOf(runnerSet));
  return there
    ? metadataOf(runnerSet, there, labelsAskedFor(runnerSet))
    : register(runnerSet, client);
};

const idOf = (runnerSet: AutoscalingRunnerSet): number => scaleSetIdOf(runnerSet) ?? 0;

const namesOf = ({ labels = [] }: ScaleSet): string[] => labels.map(({ name }) => name);

interface ScaleSetMetadata {
  annotations: Record<string, string>;
  /** Null takes one away. */
  labels: Record<string, string | null>;
}

function metadataOf(
  runnerSet: AutoscalingRunnerSet,
  scaleSet: ScaleSet,
  labels: readonly string[],
): ScaleSetMetadata {
  const { runnerGroup, githubConfigUrl = '' } = runnerSet.spec;
  return {
    annotations: {
      [ANNOTATIONS.scaleSetId]: String(scaleSet.id),
      [ANNOTATIONS.scaleSetName]: scaleSet.name,
      // Never what is missing: an absent group would be asked for again and again.
      [ANNOTATIONS.runnerGroup]:
        scaleSet.runnerGroupName ??
        runnerGroup ??
        annotation(runnerSet, ANNOTATIONS.runnerGroup) ??
        'Default',
      [ANNOTATIONS.scaleSetLabels]: JSON.stringify(labels),
      [ANNOTATIONS.scaleSetUrl]: githubConfigUrl,
    },
    labels: { ...NO_PLACE, ...urlLabels(githubConfigUrl) },
  };
}

/** The labels of another URL do not stay. */
const NO_PLACE = {
  [LABELS.enterprise]: null,
  [LABELS.organization]: null,
  [LABELS.repository]: null,
};

async function groupId(name: string | undefined, client: ActionsClient): Promise<number> {
  if (name === undefined || name === '') return DEFAULT_GROUP;
  const group = await client.findRunnerGroup(name);
  if (group) return group.id;
  throw new ActionsError('not-found', `there is no runner group "${name}"`);
}
