// Defaults and validation of Deployments and ReplicaSets.
import { isEqual, objectAt } from '../json.ts';
import type { JsonObject } from '../json.ts';
import type { KubeObject } from '../object.ts';
import { fillPodSpec } from '../pods/defaults.ts';
import type { Prepare, Validate } from '../resource.ts';
import { invalidValue, required } from '../status.ts';
import type { Cause } from '../status.ts';

function preset(target: JsonObject | undefined, defaults: JsonObject): void {
  if (target === undefined) return;
  for (const [key, value] of Object.entries(defaults)) target[key] ??= value;
}

const fillTemplate = (spec: JsonObject | undefined): void => {
  const pod = objectAt(objectAt(spec, 'template'), 'spec');
  if (pod) fillPodSpec(pod);
};

export const prepareDeployment: Prepare = (draft, before) => {
  const spec = objectAt(draft, 'spec');
  preset(spec, {
    replicas: 1,
    revisionHistoryLimit: 10,
    progressDeadlineSeconds: 600,
    strategy: {},
  });
  const strategy = objectAt(spec, 'strategy');
  preset(strategy, { type: 'RollingUpdate' });
  if (strategy?.['type'] === 'RollingUpdate') {
    preset(strategy, { rollingUpdate: {} });
    preset(objectAt(strategy, 'rollingUpdate'), { maxSurge: '25%', maxUnavailable: '25%' });
  }
  fillTemplate(spec);
  if (before === undefined) draft['status'] = {};
};

export const prepareReplicaSet: Prepare = (draft, before) => {
  const spec = objectAt(draft, 'spec');
  preset(spec, { replicas: 1 });
  fillTemplate(spec);
  if (before === undefined) draft['status'] = { replicas: 0 };
};

/** The labels that a workload's selector wants; expressions are the business of larger clusters. */
const selectorOf = (object: KubeObject): Record<string, string> =>
  (objectAt(objectAt(objectAt(object, 'spec'), 'selector'), 'matchLabels') ?? {}) as Record<
    string,
    string
  >;

export const validateWorkload: Validate = (object, before) => {
  const spec = objectAt(object, 'spec');
  const selector = spec?.['selector'];
  if (Object.keys(selectorOf(object)).length === 0) return [required('spec.selector')];
  const isMoved =
    before !== undefined && !isEqual(selector, objectAt(before, 'spec')?.['selector']);
  return [
    ...templateCauses(object),
    ...replicaCauses(spec?.['replicas']),
    ...(isMoved ? [invalidValue('spec.selector', selector, 'field is immutable')] : []),
  ];
};

function templateCauses(object: KubeObject): Cause[] {
  const template = objectAt(objectAt(object, 'spec'), 'template');
  const labels = objectAt(objectAt(template, 'metadata'), 'labels') ?? {};
  const fits = Object.entries(selectorOf(object)).every(([key, value]) => labels[key] === value);
  if (fits) return [];
  const why = '`selector` does not match template `labels`';
  return [invalidValue('spec.template.metadata.labels', labels, why)];
}

const replicaCauses = (replicas: unknown): Cause[] =>
  typeof replicas === 'number' && replicas < 0
    ? [invalidValue('spec.replicas', replicas, 'must be greater than or equal to 0')]
    : [];
