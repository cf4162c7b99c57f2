// What a runner set's scale set is known by at GitHub, as its annotations keep it and as its spec wants it.
import { annotation, ANNOTATIONS, label, LABELS, scaleSetNameOf } from '@muster/api';
import type { AutoscalingRunnerSet } from '@muster/api';
import { urlLabels } from '../labels.ts';

/** Decimal, above 0; undefined as long as GitHub does not know the scale set. */
export function scaleSetIdOf(runnerSet: AutoscalingRunnerSet): number | undefined {
  const id = Number(annotation(runnerSet, ANNOTATIONS.scaleSetId));
  return Number.isSafeInteger(id) && id > 0 ? id : undefined;
}

/** The name is the first one, as ARC has it. */
export const labelsWanted = (runnerSet: AutoscalingRunnerSet): string[] => [
  ...new Set([scaleSetNameOf(runnerSet), ...(runnerSet.spec.runnerScaleSetLabels ?? [])]),
];

/** What we asked for last. ARC keeps no account of it, and gives a scale set its name for a label at least. */
export function labelsAskedFor(runnerSet: AutoscalingRunnerSet): string[] {
  const kept = parseList(annotation(runnerSet, ANNOTATIONS.scaleSetLabels));
  return kept ?? [annotation(runnerSet, ANNOTATIONS.scaleSetName) ?? scaleSetNameOf(runnerSet)];
}

function parseList(text = ''): string[] | undefined {
  try {
    const list: unknown = JSON.parse(text);
    return Array.isArray(list) ? list.map(String) : undefined;
  } catch {
    return undefined;
  }
}

type Step = 'register' | 'move' | 'rename' | 'relabel';

export interface Difference {
  do: Step;
  because: string;
}

/** What the scale set is not yet as the spec wants it, the first of it; undefined when it is so. */
export function differenceAtGitHub(runnerSet: AutoscalingRunnerSet): Difference | undefined {
  const { runnerGroup = '', runnerScaleSetName = '' } = runnerSet.spec;
  if (isElsewhere(runnerSet)) {
    return { do: 'register', because: 'its URL is another one, and so is its scale set' };
  }
  if (differs(runnerGroup, annotation(runnerSet, ANNOTATIONS.runnerGroup))) {
    return { do: 'move', because: 'its runner group is another one' };
  }
  if (differs(runnerScaleSetName, annotation(runnerSet, ANNOTATIONS.scaleSetName))) {
    return { do: 'rename', because: 'its scale set has another name' };
  }
  if (textOf(labelsWanted(runnerSet)) !== textOf(labelsAskedFor(runnerSet))) {
    return { do: 'relabel', because: 'its labels are others' };
  }
  return undefined;
}

/** GitHub compares without regard to case, and an empty wish asks for nothing. */
const differs = (wished: string, known: string | undefined): boolean =>
  known === undefined || (wished !== '' && wished.toLowerCase() !== known.toLowerCase());

const textOf = (labels: readonly string[]): string =>
  JSON.stringify(labels.map((one) => one.toLowerCase()).sort());

/** Whether the id is one of another organization, where it may be anybody's. */
export function isElsewhere(runnerSet: AutoscalingRunnerSet): boolean {
  const { githubConfigUrl = '' } = runnerSet.spec;
  const registered = annotation(runnerSet, ANNOTATIONS.scaleSetUrl);
  if (registered !== undefined) return sameUrl(registered) !== sameUrl(githubConfigUrl);
  // ARC keeps only the place, in labels. Without them nothing is known, and nothing is changed.
  const places = [LABELS.enterprise, LABELS.organization, LABELS.repository];
  const before = places.map((key) => label(runnerSet, key));
  const now = urlLabels(githubConfigUrl);
  return (
    before.some((one) => one !== undefined) &&
    before.some((one, at) => one !== now[places[at] ?? ''])
  );
}

/** As two people may write one URL. */
export const sameUrl = (url: string): string => url.trim().replace(/\/+$/, '').toLowerCase();
