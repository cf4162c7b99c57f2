// Defaults and validation of the small built-in kinds.
import { isEqual, objectAt, objectsAt, stringAt } from './json.ts';
import type { JsonObject } from './json.ts';
import type { Prepare, Validate } from './resource.ts';
import { forbiddenField, invalidValue, required, tooLong, unsupportedValue } from './status.ts';
import type { Cause } from './status.ts';

export const prepareNamespace: Prepare = (draft, before) => {
  draft.metadata.labels = {
    ...draft.metadata.labels,
    'kubernetes.io/metadata.name': draft.metadata.name,
  };
  draft['spec'] ??= { finalizers: ['kubernetes'] };
  if (before === undefined) draft['status'] = { phase: 'Active' };
};

/** `stringData` is for writing only: it ends up in `data`. */
export const prepareSecret: Prepare = (draft) => {
  const plain = objectAt(draft, 'stringData');
  if (plain) {
    const encoded = Object.entries(plain).map(([key, value]) => [
      key,
      Buffer.from(typeof value === 'string' ? value : '').toString('base64'),
    ]);
    draft['data'] = { ...objectAt(draft, 'data'), ...(Object.fromEntries(encoded) as object) };
  }
  delete draft['stringData'];
  draft['type'] ??= 'Opaque';
};

const validateImmutable: Validate = (object, before) => {
  if (before?.['immutable'] !== true) return [];
  const same = ['data', 'binaryData'].every((field) => isEqual(object[field], before[field]));
  if (object['immutable'] !== true)
    return [forbiddenField('immutable', 'field is immutable when `immutable` is set')];
  return same ? [] : [forbiddenField('data', 'field is immutable when `immutable` is set')];
};

const MEBIBYTE = 1024 * 1024;

const sizeOf = (data: JsonObject | undefined): number =>
  Object.values(data ?? {}).reduce<number>((sum, value) => sum + String(value).length, 0);

export const validateConfigMap: Validate = (object, before) => [
  ...validateImmutable(object, before),
  ...keyCauses(object, 'data'),
  ...keyCauses(object, 'binaryData'),
  ...(sizeOf(objectAt(object, 'data')) > MEBIBYTE ? [tooLong('[]', MEBIBYTE)] : []),
];

const keyCauses = (object: JsonObject, field: string): Cause[] =>
  Object.keys(objectAt(object, field) ?? {})
    .filter((key) => !/^[-._a-zA-Z0-9]{1,253}$/.test(key))
    .map((key) => invalidValue(`${field}[${key}]`, key, NOT_KEY));

const NOT_KEY =
  "a valid config key must consist of alphanumeric characters, '-', '_' or '.' (e.g. 'key.name',  or 'KEY_NAME',  or 'key-name', regex used for validation is '[-._a-zA-Z0-9]+')";

export const validateLease: Validate = (lease) => {
  const seconds = objectAt(lease, 'spec')?.['leaseDurationSeconds'];
  if (typeof seconds !== 'number' || seconds > 0) return [];
  return [invalidValue('spec.leaseDurationSeconds', seconds, 'must be greater than 0')];
};

export const validateEvent: Validate = (event) => {
  const about = stringAt(objectAt(event, 'involvedObject'), 'namespace') ?? '';
  // What has no namespace is told of in `default`.
  const home = about === '' ? 'default' : about;
  if (home === event.metadata.namespace) return [];
  return [invalidValue('involvedObject.namespace', about, 'does not match event.namespace')];
};

export const prepareNetworkPolicy: Prepare = (draft) => {
  const spec = objectAt(draft, 'spec');
  if (spec) spec['policyTypes'] ??= spec['egress'] ? ['Ingress', 'Egress'] : ['Ingress'];
};

export const validateSecret: Validate = (object, before) => {
  const causes = validateImmutable(object, before);
  if (before && object['type'] !== before['type']) {
    causes.push(invalidValue('type', object['type'], 'field is immutable'));
  }
  causes.push(...keyCauses(object, 'data'));
  return causes;
};

export const EVENT_FIELDS = [
  'involvedObject.kind',
  'involvedObject.namespace',
  'involvedObject.name',
  'involvedObject.uid',
  'involvedObject.apiVersion',
  'involvedObject.resourceVersion',
  'involvedObject.fieldPath',
  'reason',
  'reportingComponent',
  'source',
  'type',
];

export const prepareEvent: Prepare = (draft) => {
  draft['reportingComponent'] ??= '';
  draft['reportingInstance'] ??= '';
  draft['source'] ??= {};
  draft['involvedObject'] ??= {};
};

const RBAC_GROUP = 'rbac.authorization.k8s.io';

export const prepareBinding: Prepare = (draft) => {
  const ref = objectAt(draft, 'roleRef');
  if (ref) ref['apiGroup'] ??= RBAC_GROUP;
  for (const subject of objectsAt(draft, 'subjects')) {
    if (subject['kind'] !== 'ServiceAccount') subject['apiGroup'] ??= RBAC_GROUP;
  }
};

export const validateBinding: Validate = (object, before) => {
  const ref = objectAt(object, 'roleRef');
  const causes = [];
  const kind = stringAt(ref, 'kind') ?? '';
  if (kind !== 'Role' && kind !== 'ClusterRole') {
    causes.push(unsupportedValue('roleRef.kind', kind, ['Role', 'ClusterRole']));
  }
  if (!stringAt(ref, 'name')) causes.push(required('roleRef.name'));
  if (before && !isEqual(ref, before['roleRef'])) {
    causes.push(invalidValue('roleRef', ref, 'cannot change roleRef'));
  }
  objectsAt(object, 'subjects').forEach((subject, index) => {
    const field = `subjects[${index}]`;
    if (!stringAt(subject, 'name')) causes.push(required(`${field}.name`));
    const isAccount = subject['kind'] === 'ServiceAccount';
    const isLost = object.metadata.namespace === undefined && !stringAt(subject, 'namespace');
    if (isAccount && isLost) causes.push(required(`${field}.namespace`));
  });
  return causes;
};
