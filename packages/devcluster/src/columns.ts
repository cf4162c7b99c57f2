// The printer columns of the built-in kinds.
import { objectAt, objectsAt, stringAt } from './json.ts';
import type { JsonObject } from './json.ts';
import type { KubeObject } from './object.ts';
import type { Column } from './resource.ts';
import { age, ageColumn } from './table.ts';

type Read = (object: KubeObject, now: number) => unknown;

const text = (name: string, value: Read, priority = 0): Column => ({
  name,
  type: 'string',
  value,
  priority,
});

const at = (object: JsonObject | undefined, ...path: string[]): unknown => {
  let value: unknown = object;
  for (const step of path) value = (value as JsonObject | undefined)?.[step];
  return value;
};

const shown = (value: unknown, otherwise = '<none>'): string =>
  typeof value === 'string' || typeof value === 'number' || typeof value === 'boolean'
    ? String(value) || otherwise
    : otherwise;

const size = (value: JsonObject | undefined): number => Object.keys(value ?? {}).length;

const containerStatuses = (pod: KubeObject): JsonObject[] =>
  objectsAt(objectAt(pod, 'status'), 'containerStatuses');

const initStatuses = (pod: KubeObject): JsonObject[] =>
  objectsAt(objectAt(pod, 'status'), 'initContainerStatuses');

/** Sidecars count as the main containers do, other init containers do not. */
function ready(pod: KubeObject): string {
  const spec = objectAt(pod, 'spec');
  const sidecars = objectsAt(spec, 'initContainers')
    .filter(({ restartPolicy }) => restartPolicy === 'Always')
    .map((container) => stringAt(container, 'name'));
  const beside = initStatuses(pod).filter((status) => sidecars.includes(stringAt(status, 'name')));
  const all = objectsAt(spec, 'containers').length + sidecars.length;
  const are = [...containerStatuses(pod), ...beside].filter((status) => status['ready'] === true);
  return `${are.length}/${all}`;
}

function restarts(pod: KubeObject, now: number): string {
  const count = containerStatuses(pod).reduce(
    (sum, status) => sum + Number(status['restartCount'] ?? 0),
    0,
  );
  const ends = containerStatuses(pod)
    .map(
      (status) =>
        stringAt(objectAt(objectAt(status, 'lastState'), 'terminated'), 'finishedAt') ?? '',
    )
    .sort();
  const last = ends.at(-1) ?? '';
  return count === 0 || last === '' ? String(count) : `${count} (${age(last, now)} ago)`;
}

/** One word for a pod's state, as kubectl finds it. */
function podState(pod: KubeObject): string {
  const status = objectAt(pod, 'status');
  const base = stringAt(status, 'reason') ?? stringAt(status, 'phase') ?? 'Unknown';
  const initializing = initState(pod);
  const state = initializing ?? containersState(pod, base);
  if (pod.metadata.deletionTimestamp === undefined) return state;
  return stringAt(status, 'reason') === 'NodeLost' ? 'Unknown' : 'Terminating';
}

function ended(state: JsonObject | undefined): string | undefined {
  const terminated = objectAt(state, 'terminated');
  if (terminated === undefined) return undefined;
  const reason = stringAt(terminated, 'reason') ?? '';
  if (reason !== '') return reason;
  const signal = Number(terminated['signal'] ?? 0);
  return signal > 0 ? `Signal:${signal}` : `ExitCode:${shown(terminated['exitCode'], '0')}`;
}

function initState(pod: KubeObject): string | undefined {
  const statuses = initStatuses(pod);
  const total = objectsAt(objectAt(pod, 'spec'), 'initContainers').length;
  for (const [index, status] of statuses.entries()) {
    const state = objectAt(status, 'state');
    if (at(state, 'terminated', 'exitCode') === 0 || status['started'] === true) continue;
    const problem = ended(state);
    if (problem !== undefined) return `Init:${problem}`;
    const waiting = stringAt(objectAt(state, 'waiting'), 'reason') ?? '';
    return waiting !== '' && waiting !== 'PodInitializing'
      ? `Init:${waiting}`
      : `Init:${index}/${total}`;
  }
  return undefined;
}

function containersState(pod: KubeObject, base: string): string {
  let state = base;
  let isRunning = false;
  for (const status of containerStatuses(pod).reverse()) {
    const now = objectAt(status, 'state');
    const waiting = stringAt(objectAt(now, 'waiting'), 'reason') ?? '';
    if (waiting !== '') state = waiting;
    else state = ended(now) ?? state;
    isRunning ||= status['ready'] === true && objectAt(now, 'running') !== undefined;
  }
  if (state !== 'Completed' || !isRunning) return state;
  const conditions = objectsAt(objectAt(pod, 'status'), 'conditions');
  const isReady = conditions.some(({ type, status }) => type === 'Ready' && status === 'True');
  return isReady ? 'Running' : 'NotReady';
}

export const pod: Column[] = [
  text('Ready', ready),
  text('Status', podState),
  text('Restarts', restarts),
  ageColumn,
  text('IP', (o) => shown(at(o, 'status', 'podIP')), 1),
  text('Node', (o) => shown(at(o, 'spec', 'nodeName')), 1),
  text('Nominated Node', (o) => shown(at(o, 'status', 'nominatedNodeName')), 1),
  text('Readiness Gates', () => '<none>', 1),
];

export const namespace: Column[] = [
  text('Status', (o) => at(o, 'status', 'phase') ?? ''),
  ageColumn,
];

export const secret: Column[] = [
  text('Type', (o) => o['type'] ?? ''),
  { name: 'Data', type: 'integer', value: (o) => size(objectAt(o, 'data')) },
  ageColumn,
];

export const configMap: Column[] = [
  {
    name: 'Data',
    type: 'integer',
    value: (o) => size(objectAt(o, 'data')) + size(objectAt(o, 'binaryData')),
  },
  ageColumn,
];

export const serviceAccount: Column[] = [
  { name: 'Secrets', type: 'integer', value: (o) => objectsAt(o, 'secrets').length },
  ageColumn,
];

function eventObject(event: KubeObject): string {
  const involved = objectAt(event, 'involvedObject');
  return `${(stringAt(involved, 'kind') ?? '').toLowerCase()}/${stringAt(involved, 'name') ?? ''}`;
}

function eventTimes(event: KubeObject, now: number): string {
  const series = objectAt(event, 'series');
  const moment = stringAt(event, 'eventTime') ?? event.metadata.creationTimestamp;
  const first = stringAt(event, 'firstTimestamp') ?? moment;
  const last = stringAt(series, 'lastObservedTime') ?? stringAt(event, 'lastTimestamp') ?? first;
  const count = Number(series?.['count'] ?? event['count'] ?? 1);
  return count > 1 ? `${age(last, now)} (x${count} over ${age(first, now)})` : age(last, now);
}

const sourceOf = (event: KubeObject): string => {
  const source = objectAt(event, 'source');
  const parts = [
    stringAt(source, 'component') ?? stringAt(event, 'reportingComponent'),
    stringAt(source, 'host'),
  ];
  return parts.filter((part) => part !== undefined && part !== '').join(', ');
};

export const event: Column[] = [
  text('Last Seen', eventTimes),
  text('Type', (o) => shown(o['type'], '')),
  text('Reason', (o) => shown(o['reason'], '')),
  text('Object', eventObject),
  text('Subobject', (o) => shown(at(o, 'involvedObject', 'fieldPath'), ''), 1),
  text('Source', sourceOf, 1),
  text('Message', (o) => shown(o['message'], '').trim()),
  text(
    'First Seen',
    (o, now) => age(stringAt(o, 'firstTimestamp') ?? o.metadata.creationTimestamp, now),
    1,
  ),
  text('Count', (o) => shown(at(o, 'series', 'count') ?? o['count'], '1'), 1),
  text('Name', (o) => o.metadata.name, 1),
];

function nodeState(node: KubeObject): string {
  const conditions = objectsAt(objectAt(node, 'status'), 'conditions');
  const isReady =
    conditions.find((condition) => condition['type'] === 'Ready')?.['status'] === 'True';
  const cordoned = at(node, 'spec', 'unschedulable') === true;
  return `${isReady ? 'Ready' : 'NotReady'}${cordoned ? ',SchedulingDisabled' : ''}`;
}

const ROLE = 'node-role.kubernetes.io/';

export const node: Column[] = [
  text('Status', nodeState),
  text('Roles', ({ metadata: { labels = {} } }) => {
    const roles = Object.keys(labels).filter((label) => label.startsWith(ROLE));
    return roles.map((label) => label.slice(ROLE.length)).join(',') || '<none>';
  }),
  ageColumn,
  text('Version', (o) => shown(at(o, 'status', 'nodeInfo', 'kubeletVersion'), '')),
  text(
    'Internal-IP',
    (o) => {
      const addresses = objectsAt(objectAt(o, 'status'), 'addresses');
      return shown(addresses.find((item) => item['type'] === 'InternalIP')?.['address']);
    },
    1,
  ),
  text('OS-Image', (o) => shown(at(o, 'status', 'nodeInfo', 'osImage'), '<unknown>'), 1),
];

const amounts = (quota: KubeObject): string => {
  const hard = objectAt(objectAt(quota, 'status'), 'hard') ?? {};
  const used = objectAt(objectAt(quota, 'status'), 'used') ?? {};
  return Object.keys(hard)
    .sort()
    .map((key) => `${key}: ${shown(used[key], '0')}/${shown(hard[key])}`)
    .join(', ');
};

export const quota: Column[] = [text('Request', amounts), text('Limit', () => ''), ageColumn];

export const created: Column[] = [
  {
    name: 'Created At',
    type: 'date',
    value: ({ metadata }) => metadata.creationTimestamp,
  },
];

const subjects = (binding: KubeObject, kind: string): string =>
  objectsAt(binding, 'subjects')
    .filter((subject) => subject['kind'] === kind)
    .map((subject) =>
      [stringAt(subject, 'namespace'), stringAt(subject, 'name')].filter(Boolean).join('/'),
    )
    .join(', ');

export const binding: Column[] = [
  text(
    'Role',
    (o) => `${shown(at(o, 'roleRef', 'kind'), '')}/${shown(at(o, 'roleRef', 'name'), '')}`,
  ),
  ageColumn,
  text('Users', (o) => subjects(o, 'User'), 1),
  text('Groups', (o) => subjects(o, 'Group'), 1),
  text('ServiceAccounts', (o) => subjects(o, 'ServiceAccount'), 1),
];

export const lease: Column[] = [
  text('Holder', (o) => shown(at(o, 'spec', 'holderIdentity'), '')),
  ageColumn,
];

export const priorityClass: Column[] = [
  { name: 'Value', type: 'integer', value: (o) => o['value'] ?? 0 },
  { name: 'Global-Default', type: 'boolean', value: (o) => o['globalDefault'] === true },
  ageColumn,
];

export const disruptionBudget: Column[] = [
  text('Min Available', (o) => shown(at(o, 'spec', 'minAvailable'), 'N/A')),
  text('Max Unavailable', (o) => shown(at(o, 'spec', 'maxUnavailable'), 'N/A')),
  text('Allowed Disruptions', (o) => shown(at(o, 'status', 'disruptionsAllowed'), '0')),
  ageColumn,
];

const templateContainers = (object: KubeObject, field: string): string =>
  objectsAt(objectAt(objectAt(objectAt(object, 'spec'), 'template'), 'spec'), 'containers')
    .map((container) => shown(container[field], ''))
    .join(',');

const labelsText = (labels: unknown): string =>
  Object.entries((labels ?? {}) as JsonObject)
    .map(([key, value]) => `${key}=${String(value)}`)
    .join(',') || '<none>';

const count = (name: string, ...path: string[]): Column => ({
  name,
  type: 'integer',
  value: (o) => at(o, ...path) ?? 0,
});

const template: Column[] = [
  text('Containers', (o) => templateContainers(o, 'name'), 1),
  text('Images', (o) => templateContainers(o, 'image'), 1),
  text('Selector', (o) => labelsText(at(o, 'spec', 'selector', 'matchLabels')), 1),
];

export const deployment: Column[] = [
  text(
    'Ready',
    (o) =>
      `${shown(at(o, 'status', 'readyReplicas'), '0')}/${shown(at(o, 'spec', 'replicas'), '0')}`,
  ),
  count('Up-to-date', 'status', 'updatedReplicas'),
  count('Available', 'status', 'availableReplicas'),
  ageColumn,
  ...template,
];

export const replicaSet: Column[] = [
  count('Desired', 'spec', 'replicas'),
  count('Current', 'status', 'replicas'),
  count('Ready', 'status', 'readyReplicas'),
  ageColumn,
  ...template,
];

export const service: Column[] = [
  text('Type', (o) => shown(at(o, 'spec', 'type'))),
  text('Cluster-IP', (o) => shown(at(o, 'spec', 'clusterIP'))),
  text('External-IP', (o) => shown(at(o, 'spec', 'externalName'))),
  text(
    'Port(s)',
    (o) =>
      objectsAt(objectAt(o, 'spec'), 'ports')
        .map(({ port, protocol }) => `${shown(port)}/${shown(protocol)}`)
        .join(',') || '<none>',
  ),
  ageColumn,
  text('Selector', (o) => labelsText(at(o, 'spec', 'selector')), 1),
];

export const networkPolicy: Column[] = [
  text('Pod-Selector', (o) => labelsText(at(o, 'spec', 'podSelector', 'matchLabels'))),
  ageColumn,
];
