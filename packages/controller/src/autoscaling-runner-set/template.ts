// Whether the cluster would take a pod of a runner set's template: the API server itself is asked, by a create that it
// does not carry out (design.md, decision 3). Its verdict is kept until the template changes.
import { contentHash, CONTAINERS, LABELS } from '@muster/api';
import type { AutoscalingRunnerSet, Condition } from '@muster/api';
import { isKubeError, PodKind } from '@muster/kube';
import type { Clock, KubeClient, Pod, Unsaved } from '@muster/kube';
import { merged, propagated } from '../propagation.ts';
import type { Memory } from './memory.ts';

export type Verdict =
  | { is: 'valid' }
  /** It is taken, without what the message names. */
  | { is: 'warned'; message: string }
  | { is: 'invalid'; message: string }
  /** The API server did not get as far as the template. */
  | { is: 'unjudged'; message: string };

const templateHash = ({ spec }: AutoscalingRunnerSet): string => contentHash(spec.template ?? {});

/** A service account or a priority class that a template names may yet come. */
export const LOOK_AGAIN_MS = 60_000;

export interface JudgeDeps {
  kube: KubeClient;
  clock: Clock;
  memory: Memory;
  config: { excludedLabelPrefixes: readonly string[] };
}

/** Asks only when the template changed, or when it was not found good a minute ago. */
export async function verdictOn(
  runnerSet: AutoscalingRunnerSet,
  { kube, clock, memory, config }: JudgeDeps,
): Promise<Verdict> {
  const entry = memory.of(runnerSet);
  const template = templateHash(runnerSet);
  const { judged } = entry;
  const now = clock.now();
  if (judged?.template === template) {
    const isSettled = judged.verdict.is === 'valid' || judged.verdict.is === 'warned';
    if (isSettled || now < judged.at + LOOK_AGAIN_MS) return judged.verdict;
  }
  const verdict = standingVerdict(await judge(podOf(runnerSet, config), kube), runnerSet);
  entry.judged = { template, verdict, at: now };
  return verdict;
}

/** What could not be judged again is still what it was found to be: a refused template does not pass in an outage. */
function standingVerdict(verdict: Verdict, { metadata, status }: AutoscalingRunnerSet): Verdict {
  if (verdict.is !== 'unjudged') return verdict;
  const known = status?.conditions?.find(({ type }) => type === 'TemplateValid');
  const isOfThis = known?.observedGeneration === metadata.generation;
  return known?.status === 'False' && isOfThis
    ? { is: 'invalid', message: known.message }
    : verdict;
}

/** As a runner's pod will be, but for its JIT configuration. */
function podOf(
  { metadata, spec: { template } }: AutoscalingRunnerSet,
  { excludedLabelPrefixes }: JudgeDeps['config'],
): Unsaved<Pod> {
  const labels = merged(metadata.labels, template?.metadata?.labels);
  return {
    apiVersion: PodKind.apiVersion,
    kind: PodKind.kind,
    metadata: {
      name: `${metadata.name}-template-check`,
      namespace: metadata.namespace,
      labels: { ...propagated(labels, excludedLabelPrefixes), [LABELS.runnerPod]: 'True' },
      annotations: merged(template?.metadata?.annotations),
    },
    spec: template?.spec ?? { containers: [] },
  };
}

async function judge(pod: Unsaved<Pod>, kube: KubeClient): Promise<Verdict> {
  // The API server takes such a pod, and no runner in it would ever be given its job.
  const containers = (pod.spec as Partial<Pod['spec']>).containers ?? [];
  if (!containers.some(({ name }) => name === CONTAINERS.runner)) {
    return { is: 'invalid', message: `no container of it is called "${CONTAINERS.runner}"` };
  }
  try {
    await kube.create(PodKind, pod, { dryRun: true, fieldValidation: 'Strict' });
    return { is: 'valid' };
  } catch (error) {
    if (!isUnknownField(error)) return refusalOf(error);
    return judgeWithout(error.message, pod, kube);
  }
}

/** A strict server stops at an unknown field, so what it says of the rest has to be asked for. */
async function judgeWithout(
  message: string,
  pod: Unsaved<Pod>,
  kube: KubeClient,
): Promise<Verdict> {
  try {
    await kube.create(PodKind, pod, { dryRun: true, fieldValidation: 'Ignore' });
    return { is: 'warned', message };
  } catch (error) {
    return refusalOf(error);
  }
}

function refusalOf(error: unknown): Verdict {
  if (isKubeError(error, 'invalid')) return { is: 'invalid', message: error.message };
  if (isKubeError(error, 'forbidden') && !isElsewhere(error.message)) {
    return { is: 'invalid', message: error.message };
  }
  return { is: 'unjudged', message: error instanceof Error ? error.message : String(error) };
}

// The API server gives these no code of their own, only these sentences.
const isUnknownField = (error: unknown): error is Error =>
  isKubeError(error, 'bad-request') && error.message.includes('strict decoding error');

/** A refusal that has nothing to do with the template: a full quota, a missing right, a namespace on its way out. */
const isElsewhere = (message: string): boolean =>
  ['exceeded quota:', 'cannot create resource', 'because it is being terminated'].some((words) =>
    message.includes(words),
  );

type Said = Pick<Condition, 'type' | 'status' | 'reason' | 'message'>;

export function templateCondition(verdict: Verdict): Said {
  const type = 'TemplateValid';
  switch (verdict.is) {
    case 'valid':
      return { type, status: 'True', reason: 'Accepted', message: 'the cluster takes its pods' };
    case 'warned':
      return { type, status: 'True', reason: 'UnknownFields', message: verdict.message };
    case 'invalid':
      return { type, status: 'False', reason: 'InvalidTemplate', message: verdict.message };
    case 'unjudged':
      return { type, status: 'Unknown', reason: 'NotJudged', message: verdict.message };
  }
}
