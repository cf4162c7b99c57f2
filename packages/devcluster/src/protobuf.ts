// Bodies in Kubernetes' protobuf, for the kinds that kubectl has commands of its own for: `create
// namespace`, `create token`, `auth can-i`. It sends those so, and falls back to nothing else.
// Answers are JSON, which it accepts.
import type { JsonObject } from './json.ts';

/** How a field is read; a message is named by its key in MESSAGES. */
interface Field {
  name: string;
  type: string;
  is: 'one' | 'list' | 'map';
}

/** Field numbers of Kubernetes' generated.proto files; what is not named here is skipped. */
const MESSAGES: Record<string, Record<number, string>> = {
  Unknown: { 1: 'typeMeta TypeMeta', 2: 'raw bytes' },
  TypeMeta: { 1: 'apiVersion string', 2: 'kind string' },
  ObjectMeta: {
    1: 'name string',
    2: 'generateName string',
    3: 'namespace string',
    5: 'uid string',
    6: 'resourceVersion string',
    11: 'labels string map',
    12: 'annotations string map',
    14: 'finalizers string list',
  },
  Namespace: { 1: 'metadata ObjectMeta' },
  ConfigMap: {
    1: 'metadata ObjectMeta',
    2: 'data string map',
    3: 'binaryData bytes map',
    4: 'immutable bool',
  },
  Secret: {
    1: 'metadata ObjectMeta',
    2: 'data bytes map',
    3: 'type string',
    4: 'stringData string map',
    5: 'immutable bool',
  },
  ServiceAccount: { 1: 'metadata ObjectMeta' },
  DeleteOptions: {
    1: 'gracePeriodSeconds int',
    2: 'preconditions Preconditions',
    4: 'propagationPolicy string',
    5: 'dryRun string list',
  },
  Preconditions: { 1: 'uid string', 2: 'resourceVersion string' },
  Eviction: { 1: 'metadata ObjectMeta', 2: 'deleteOptions DeleteOptions' },
  Deployment: { 1: 'metadata ObjectMeta', 2: 'spec DeploymentSpec' },
  DeploymentSpec: {
    1: 'replicas int',
    2: 'selector LabelSelector',
    3: 'template PodTemplateSpec',
  },
  LabelSelector: { 1: 'matchLabels string map' },
  PodTemplateSpec: { 1: 'metadata ObjectMeta', 2: 'spec PodSpec' },
  PodSpec: { 2: 'containers Container list' },
  Container: {
    1: 'name string',
    2: 'image string',
    3: 'command string list',
    4: 'args string list',
    6: 'ports ContainerPort list',
  },
  ContainerPort: { 1: 'name string', 3: 'containerPort int', 4: 'protocol string' },
  Service: { 1: 'metadata ObjectMeta', 2: 'spec ServiceSpec' },
  ServiceSpec: {
    1: 'ports ServicePort list',
    2: 'selector string map',
    3: 'clusterIP string',
    4: 'type string',
    10: 'externalName string',
  },
  ServicePort: {
    1: 'name string',
    2: 'protocol string',
    3: 'port int',
    4: 'targetPort IntOrString',
  },
  PodDisruptionBudget: { 1: 'metadata ObjectMeta', 2: 'spec PodDisruptionBudgetSpec' },
  PodDisruptionBudgetSpec: {
    1: 'minAvailable IntOrString',
    2: 'selector LabelSelector',
    3: 'maxUnavailable IntOrString',
  },
  PriorityClass: {
    1: 'metadata ObjectMeta',
    2: 'value int',
    3: 'globalDefault bool',
    4: 'description string',
    5: 'preemptionPolicy string',
  },
  ResourceQuota: { 1: 'metadata ObjectMeta', 2: 'spec ResourceQuotaSpec' },
  ResourceQuotaSpec: { 1: 'hard Quantity map', 2: 'scopes string list' },
  Role: { 1: 'metadata ObjectMeta', 2: 'rules PolicyRule list' },
  ClusterRole: { 1: 'metadata ObjectMeta', 2: 'rules PolicyRule list' },
  PolicyRule: {
    1: 'verbs string list',
    2: 'apiGroups string list',
    3: 'resources string list',
    4: 'resourceNames string list',
    5: 'nonResourceURLs string list',
  },
  RoleBinding: { 1: 'metadata ObjectMeta', 2: 'subjects Subject list', 3: 'roleRef RoleRef' },
  ClusterRoleBinding: {
    1: 'metadata ObjectMeta',
    2: 'subjects Subject list',
    3: 'roleRef RoleRef',
  },
  Subject: { 1: 'kind string', 2: 'apiGroup string', 3: 'name string', 4: 'namespace string' },
  RoleRef: { 1: 'apiGroup string', 2: 'kind string', 3: 'name string' },
  TokenRequest: { 1: 'metadata ObjectMeta', 2: 'spec TokenRequestSpec' },
  TokenRequestSpec: {
    1: 'audiences string list',
    3: 'boundObjectRef BoundObjectReference',
    4: 'expirationSeconds int',
  },
  BoundObjectReference: {
    1: 'kind string',
    2: 'apiVersion string',
    3: 'name string',
    4: 'uid string',
  },
  SelfSubjectReview: { 1: 'metadata ObjectMeta' },
  SelfSubjectRulesReview: { 1: 'metadata ObjectMeta', 2: 'spec SelfSubjectRulesReviewSpec' },
  SelfSubjectRulesReviewSpec: { 1: 'namespace string' },
  SelfSubjectAccessReview: { 1: 'metadata ObjectMeta', 2: 'spec SelfSubjectAccessReviewSpec' },
  SelfSubjectAccessReviewSpec: {
    1: 'resourceAttributes ResourceAttributes',
    2: 'nonResourceAttributes NonResourceAttributes',
  },
  ResourceAttributes: {
    1: 'namespace string',
    2: 'verb string',
    3: 'group string',
    4: 'version string',
    5: 'resource string',
    6: 'subresource string',
    7: 'name string',
  },
  NonResourceAttributes: { 1: 'path string', 2: 'verb string' },
};

const MAGIC = Buffer.from('k8s\0');

export const PROTOBUF = 'application/vnd.kubernetes.protobuf';

/** The object in a protobuf body, or undefined when its kind is not one of those above. */
export function decode(body: Uint8Array): JsonObject | undefined {
  const bytes = Buffer.from(body);
  if (!bytes.subarray(0, 4).equals(MAGIC)) return undefined;
  const { typeMeta, raw } = message('Unknown', bytes.subarray(4)) as {
    typeMeta?: { kind?: string };
    raw?: string;
  };
  const kind = typeMeta?.kind ?? '';
  if (!Object.hasOwn(MESSAGES, kind)) return undefined;
  return { ...typeMeta, ...message(kind, Buffer.from(raw ?? '', 'base64')) };
}

function fieldOf(type: string, number: number): Field | undefined {
  const [name, its, is = 'one'] = MESSAGES[type]?.[number]?.split(' ') ?? [];
  if (name === undefined || its === undefined) return undefined;
  return { name, type: its, is: is as Field['is'] };
}

function message(type: string, bytes: Buffer): JsonObject {
  const object: JsonObject = {};
  for (const { number, value } of fields(bytes)) {
    const field = fieldOf(type, number);
    if (field) put(object, field, value);
  }
  return object;
}

function put(object: JsonObject, { name, type, is }: Field, raw: Buffer | number): void {
  if (is === 'list') {
    object[name] = [...((object[name] as unknown[] | undefined) ?? []), valueOf(type, raw)];
  } else if (is === 'map') {
    const [key, value] = entry(type, raw);
    object[name] = { ...(object[name] as JsonObject | undefined), [key]: value };
  } else {
    const value = valueOf(type, raw);
    // An empty string is how Go writes a field that is not set.
    if (value !== '') object[name] = value;
  }
}

function entry(type: string, raw: Buffer | number): [string, unknown] {
  const parts = [...fields(asBytes(raw))];
  const part = (wanted: number): Buffer | number =>
    parts.find(({ number }) => number === wanted)?.value ?? Buffer.alloc(0);
  return [asBytes(part(1)).toString(), valueOf(type, part(2))];
}

const asBytes = (raw: Buffer | number): Buffer => (typeof raw === 'number' ? Buffer.alloc(0) : raw);

function valueOf(type: string, raw: Buffer | number): unknown {
  switch (type) {
    case 'string':
      return asBytes(raw).toString();
    case 'bytes':
      return asBytes(raw).toString('base64');
    case 'int':
      return raw;
    case 'bool':
      return raw === 1;
    case 'IntOrString':
      return intOrString(asBytes(raw));
    // A Quantity is a message whose only field is its text.
    case 'Quantity':
      return entry('string', raw)[0];
    default:
      return message(type, asBytes(raw));
  }
}

/** Field 1 says which of the two it is. */
function intOrString(bytes: Buffer): unknown {
  const parts = new Map([...fields(bytes)].map(({ number, value }) => [number, value]));
  return parts.get(1) === 1 ? asBytes(parts.get(3) ?? 0).toString() : (parts.get(2) ?? 0);
}

/** The fields of a message in order: numbers, and bytes for all that has a length. */
function* fields(bytes: Buffer): Generator<{ number: number; value: Buffer | number }> {
  let at = 0;
  const varint = (): number => {
    let value = 0;
    for (let scale = 1; ; scale *= 128) {
      const byte = bytes[at++] ?? 0;
      value += (byte & 127) * scale;
      if (byte < 128) return value;
    }
  };
  const chunk = (length: number): Buffer => bytes.subarray(at, (at += length));
  while (at < bytes.length) {
    const tag = varint();
    const number = Math.floor(tag / 8);
    const wire = tag % 8;
    if (wire === 0) yield { number, value: varint() };
    else if (wire === 2) yield { number, value: chunk(varint()) };
    else chunk(wire === 1 ? 8 : 4);
  }
}
