// The rules of metadata, the same for every kind.
import { isEqual, isObject, objectAt, objectsAt, stringAt, stringsAt } from './json.ts';
import type { JsonObject } from './json.ts';
import { randomSuffix, timestamp } from './object.ts';
import type { KubeObject, Metadata, OwnerReference } from './object.ts';
import { apiVersionOf } from './resource.ts';
import type { Resource } from './resource.ts';
import { ApiError, badRequest, forbiddenField, invalidValue, required, tooLong } from './status.ts';
import type { Cause } from './status.ts';
import type { Target, World } from './world.ts';

const LABEL = '[a-z0-9]([-a-z0-9]*[a-z0-9])?';
const SUBDOMAIN = `${LABEL}(\\.${LABEL})*`;
const VALUE = '(([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9])?';

const whole = (pattern: string): RegExp => new RegExp(`^(?:${pattern})$`);
const isLabel = whole(LABEL);
const isSubdomain = whole(SUBDOMAIN);
const isLabelValue = whole(VALUE);

const NOT_LABEL = `a lowercase RFC 1123 label must consist of lower case alphanumeric characters or '-', and must start and end with an alphanumeric character (e.g. 'my-name',  or '123-abc', regex used for validation is '${LABEL}')`;
const NOT_SUBDOMAIN = `a lowercase RFC 1123 subdomain must consist of lower case alphanumeric characters, '-' or '.', and must start and end with an alphanumeric character (e.g. 'example.com', regex used for validation is '${SUBDOMAIN}')`;
const NOT_LABEL_VALUE = `a valid label must be an empty string or consist of alphanumeric characters, '-', '_' or '.', and must start and end with an alphanumeric character (e.g. 'MyValue',  or 'my_value',  or '12345', regex used for validation is '${VALUE}')`;

/** A body as an object of this resource, or a 400. */
export function readBody({ resource, namespace = '' }: Target, body: unknown): KubeObject {
  if (!isObject(body)) throw badRequest('the body of the request is not a JSON object');
  checkKind(resource, stringAt(body, 'apiVersion') ?? '', stringAt(body, 'kind') ?? '');
  const given = objectAt(body, 'metadata') ?? {};
  const elsewhere = stringAt(given, 'namespace') ?? '';
  if (elsewhere !== '' && elsewhere !== namespace) {
    throw badRequest(
      'the namespace of the provided object does not match the namespace sent on the request',
    );
  }
  return {
    ...body,
    apiVersion: apiVersionOf(resource),
    kind: resource.kind,
    metadata: readMetadata(given, namespace === '' ? undefined : namespace),
  };
}

function checkKind(resource: Resource, apiVersion: string, kind: string): void {
  const expected = apiVersionOf(resource);
  if (apiVersion === '' || kind === '') {
    if (resource.custom) throw badRequest(`Object 'Kind' or 'apiVersion' is missing in the body`);
  } else if (apiVersion !== expected) {
    throw badRequest(
      `the API version in the data (${apiVersion}) does not match the expected API version (${expected})`,
    );
  } else if (kind !== resource.kind) {
    throw badRequest(
      `the kind in the data (${kind}) does not match the expected kind (${resource.kind})`,
    );
  }
}

function readMetadata(given: JsonObject, namespace: string | undefined): Metadata {
  const { name, generateName, uid, resourceVersion } = given;
  const strings = (key: string): Record<string, string> | undefined => {
    const map = objectAt(given, key);
    if (map === undefined || Object.keys(map).length === 0) return undefined;
    const odd = Object.entries(map).find(([, value]) => typeof value !== 'string');
    if (odd) {
      throw badRequest(`metadata.${key}.${odd[0]} must be a string, not ${JSON.stringify(odd[1])}`);
    }
    return map as Record<string, string>;
  };
  const optional = {
    generateName,
    namespace,
    labels: strings('labels'),
    annotations: strings('annotations'),
    ownerReferences: listOr(objectsAt(given, 'ownerReferences')),
    finalizers: listOr([...new Set(stringsAt(given, 'finalizers'))]),
  };
  return {
    name: typeof name === 'string' ? name : '',
    uid: typeof uid === 'string' ? uid : '',
    resourceVersion: typeof resourceVersion === 'string' ? resourceVersion : '',
    creationTimestamp: '',
    ...(Object.fromEntries(
      Object.entries(optional).filter(([, value]) => value !== undefined && value !== ''),
    ) as Partial<Metadata>),
  };
}

const listOr = <T>(list: T[]): T[] | undefined => (list.length === 0 ? undefined : list);

/** Gives a new object its identity. */
export function born(
  resource: Resource,
  object: KubeObject,
  { now, newUid }: Pick<World, 'now' | 'newUid'>,
): KubeObject {
  const { name, generateName } = object.metadata;
  if (object.metadata.resourceVersion !== '') {
    // So says the real server, and calls it its own fault.
    throw new ApiError(
      { code: 500, reason: 'InternalError' },
      'resourceVersion should not be set on objects to be created',
    );
  }
  const metadata = {
    ...object.metadata,
    name:
      name === '' && generateName !== undefined
        ? `${generateName.slice(0, 58)}${randomSuffix()}`
        : name,
    uid: newUid(),
    creationTimestamp: timestamp(now()),
    ...(resource.counted ? { generation: 1 } : {}),
  };
  return { ...object, metadata };
}

/** What a write may not change, taken over from the stored object. */
export function kept(object: KubeObject, before: KubeObject): KubeObject {
  const { uid, resourceVersion, creationTimestamp } = before.metadata;
  const { generateName, generation, deletionTimestamp, deletionGracePeriodSeconds } =
    before.metadata;
  const fixed = { generateName, generation, deletionTimestamp, deletionGracePeriodSeconds };
  const metadata = {
    ...object.metadata,
    uid,
    resourceVersion,
    creationTimestamp,
    ...Object.fromEntries(Object.entries(fixed).filter(([, value]) => value !== undefined)),
  };
  return { ...object, metadata };
}

const nameRule = ({ group, table }: Resource): 'label' | 'subdomain' | 'segment' => {
  if (table === 'namespaces') return 'label';
  return group === 'rbac.authorization.k8s.io' ? 'segment' : 'subdomain';
};

function nameCauses(resource: Resource, name: string): Cause[] {
  if (name === '') return [required('metadata.name', 'name or generateName is required')];
  const field = 'metadata.name';
  switch (nameRule(resource)) {
    case 'label': {
      const tooLong =
        name.length > 63 ? [invalidValue(field, name, 'must be no more than 63 bytes')] : [];
      return isLabel.test(name) ? tooLong : [invalidValue(field, name, NOT_LABEL), ...tooLong];
    }
    case 'segment':
      return /[/%]|^\.{1,2}$/.test(name)
        ? [invalidValue(field, name, "may not contain '/' or '%'")]
        : [];
    case 'subdomain': {
      const tooLong =
        name.length > 253 ? [invalidValue(field, name, 'must be no more than 253 bytes')] : [];
      return isSubdomain.test(name)
        ? tooLong
        : [invalidValue(field, name, NOT_SUBDOMAIN), ...tooLong];
    }
  }
}

export function metadataCauses(
  resource: Resource,
  object: KubeObject,
  before?: KubeObject,
): Cause[] {
  const { name, labels = {}, annotations = {}, finalizers = [] } = object.metadata;
  const { ownerReferences = [] } = object.metadata;
  return [
    ...(before === undefined ? nameCauses(resource, name) : []),
    ...keyCauses('metadata.labels', Object.keys(labels)),
    ...Object.values(labels).flatMap(labelCauses),
    ...annotationCauses(annotations),
    ...finalizers.flatMap((finalizer, index) => [
      ...keyCauses('metadata.finalizers', [finalizer]),
      ...keyCauses(`metadata.finalizers[${index}]`, [finalizer]),
    ]),
    ...ownerReferences.flatMap(ownerCauses),
    ...controllerCauses(ownerReferences),
    ...(before === undefined ? [] : finalizerCauses(object, before)),
  ];
}

/** Keys are names, with a domain before them if they like. */
const isKey = whole(`(${SUBDOMAIN}/)?([A-Za-z0-9][-A-Za-z0-9_.]{0,61})?[A-Za-z0-9]`);

const NOT_KEY =
  "name part must consist of alphanumeric characters, '-', '_' or '.', and must start and end with an alphanumeric character (e.g. 'MyName',  or 'my.name',  or '123-abc', regex used for validation is '([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9]')";

// These two are the garbage collector's, and older than the rule.
const OLD_NAMES = ['orphan', 'foregroundDeletion'];

const keyCauses = (field: string, keys: string[]): Cause[] =>
  keys
    .filter((key) => !isKey.test(key) && !OLD_NAMES.includes(key))
    .map((key) => invalidValue(field, key, NOT_KEY));

const ANNOTATIONS_LIMIT = 256 * 1024;

function annotationCauses(annotations: Record<string, string>): Cause[] {
  const entries = Object.entries(annotations);
  const size = entries.reduce((sum, [key, value]) => sum + key.length + value.length, 0);
  return [
    ...keyCauses(
      'metadata.annotations',
      // Keys of annotations are judged without regard to case.
      entries.map(([key]) => key.toLowerCase()),
    ),
    ...(size > ANNOTATIONS_LIMIT ? [tooLong('metadata.annotations', ANNOTATIONS_LIMIT)] : []),
  ];
}

function labelCauses(value: string): Cause[] {
  const field = 'metadata.labels';
  return [
    ...(isLabelValue.test(value) ? [] : [invalidValue(field, value, NOT_LABEL_VALUE)]),
    ...(value.length > 63 ? [invalidValue(field, value, 'must be no more than 63 bytes')] : []),
  ];
}

function ownerCauses(owner: OwnerReference): Cause[] {
  const field = (key: string): string => `metadata.ownerReferences.${key}`;
  return (['apiVersion', 'kind', 'name', 'uid'] as const).flatMap((key) =>
    owner[key]
      ? []
      : [
          invalidValue(
            field(key),
            '',
            `${key === 'apiVersion' ? 'version' : key} must not be empty`,
          ),
        ],
  );
}

function controllerCauses(owners: OwnerReference[]): Cause[] {
  const controllers = owners.filter(({ controller }) => controller);
  if (controllers.length < 2) return [];
  const [first, second] = controllers;
  return [
    invalidValue(
      'metadata.ownerReferences',
      owners,
      `Only one reference can have Controller set to true. Found "true" in references for ${first?.kind ?? ''}/${first?.name ?? ''} and ${second?.kind ?? ''}/${second?.name ?? ''}`,
    ),
  ];
}

function finalizerCauses(object: KubeObject, before: KubeObject): Cause[] {
  if (before.metadata.deletionTimestamp === undefined) return [];
  const known = new Set(before.metadata.finalizers);
  const added = (object.metadata.finalizers ?? []).filter((finalizer) => !known.has(finalizer));
  if (added.length === 0) return [];
  return [
    forbiddenField(
      'metadata.finalizers',
      `no new finalizers can be added if the object is being deleted, found new finalizers []string{${added.map((f) => JSON.stringify(f)).join(', ')}}`,
    ),
  ];
}

/** Whether all but metadata and status is the same: `generation` counts the rest. */
export function isSameWish(a: KubeObject, b: KubeObject): boolean {
  const wish = (object: KubeObject): JsonObject => ({
    ...object,
    metadata: undefined,
    status: undefined,
  });
  return isEqual(wish(a), wish(b));
}
