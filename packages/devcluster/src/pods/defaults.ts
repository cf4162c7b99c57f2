// What the API fills in when a pod leaves it out.
import { objectAt, objectsAt, stringAt } from '../json.ts';
import type { JsonObject } from '../json.ts';
import type { KubeObject } from '../object.ts';

function preset(target: JsonObject, defaults: JsonObject): void {
  for (const [key, value] of Object.entries(defaults)) target[key] ??= value;
}

export function preparePod(pod: KubeObject, before: KubeObject | undefined): void {
  const spec = objectAt(pod, 'spec');
  if (spec) {
    fillPodSpec(spec);
    preset(spec, {
      enableServiceLinks: true,
      priority: 0,
      preemptionPolicy: 'PreemptLowerPriority',
    });
    tolerateBrokenNodes(spec);
  }
  if (before === undefined && spec) pod['status'] = { phase: 'Pending', qosClass: qosClass(spec) };
}

/** What a template is given as well as a pod. */
export function fillPodSpec(spec: JsonObject): void {
  preset(spec, {
    restartPolicy: 'Always',
    terminationGracePeriodSeconds: 30,
    dnsPolicy: 'ClusterFirst',
    securityContext: {},
    schedulerName: 'default-scheduler',
  });
  // A negative grace is taken for the shortest.
  if (Number(spec['terminationGracePeriodSeconds']) < 0) spec['terminationGracePeriodSeconds'] = 1;
  for (const container of allContainers(spec)) fillContainer(container);
  for (const volume of objectsAt(spec, 'volumes')) fillVolume(volume);
}

/** As the DefaultTolerationSeconds plugin does. */
function tolerateBrokenNodes(spec: JsonObject): void {
  const tolerations = objectsAt(spec, 'tolerations');
  const missing = ['node.kubernetes.io/not-ready', 'node.kubernetes.io/unreachable'].filter(
    (key) =>
      !tolerations.some(
        (toleration) => toleration['key'] === key || toleration['key'] === undefined,
      ),
  );
  const added = missing.map((key) => ({
    key,
    operator: 'Exists',
    effect: 'NoExecute',
    tolerationSeconds: 300,
  }));
  if (added.length > 0) spec['tolerations'] = [...tolerations, ...added];
}

const allContainers = (spec: JsonObject): JsonObject[] => [
  ...objectsAt(spec, 'initContainers'),
  ...objectsAt(spec, 'containers'),
];

function fillContainer(container: JsonObject): void {
  preset(container, {
    resources: {},
    terminationMessagePath: '/dev/termination-log',
    terminationMessagePolicy: 'File',
    imagePullPolicy: pullPolicy(stringAt(container, 'image') ?? ''),
  });
  for (const port of objectsAt(container, 'ports')) preset(port, { protocol: 'TCP' });
  for (const variable of objectsAt(container, 'env')) {
    const field = objectAt(objectAt(variable, 'valueFrom'), 'fieldRef');
    if (field) preset(field, { apiVersion: 'v1' });
  }
  for (const kind of ['livenessProbe', 'readinessProbe', 'startupProbe']) {
    const probe = objectAt(container, kind);
    if (probe) fillProbe(probe);
  }
  const resources = objectAt(container, 'resources');
  const limits = objectAt(resources, 'limits');
  if (resources && limits)
    resources['requests'] = { ...limits, ...objectAt(resources, 'requests') };
}

const pullPolicy = (image: string): string => {
  const name = image.slice(image.lastIndexOf('/') + 1);
  if (name.includes('@')) return 'IfNotPresent';
  return !name.includes(':') || name.endsWith(':latest') ? 'Always' : 'IfNotPresent';
};

function fillProbe(probe: JsonObject): void {
  preset(probe, { timeoutSeconds: 1, periodSeconds: 10, successThreshold: 1, failureThreshold: 3 });
  const http = objectAt(probe, 'httpGet');
  if (http) preset(http, { path: '/', scheme: 'HTTP' });
}

function fillVolume(volume: JsonObject): void {
  const modes = ['secret', 'configMap', 'projected', 'downwardAPI'];
  for (const kind of modes) {
    const source = objectAt(volume, kind);
    if (source) preset(source, { defaultMode: 0o644 });
  }
  const host = objectAt(volume, 'hostPath');
  if (host) preset(host, { type: '' });
  const sources = [volume, ...objectsAt(objectAt(volume, 'projected'), 'sources')];
  for (const source of sources) {
    const token = objectAt(source, 'serviceAccountToken');
    if (token) preset(token, { expirationSeconds: 3600 });
    for (const item of objectsAt(objectAt(source, 'downwardAPI'), 'items')) {
      const field = objectAt(item, 'fieldRef');
      if (field) preset(field, { apiVersion: 'v1' });
    }
  }
  if (Object.keys(volume).length === 1) volume['emptyDir'] = {};
}

function qosClass(spec: JsonObject): string {
  const amounts = allContainers(spec).map((container) => {
    const resources = objectAt(container, 'resources');
    return {
      limits: objectAt(resources, 'limits') ?? {},
      requests: objectAt(resources, 'requests') ?? {},
    };
  });
  if (
    amounts.every(({ limits, requests }) =>
      [limits, requests].every((a) => Object.keys(a).length === 0),
    )
  ) {
    return 'BestEffort';
  }
  const guaranteed = amounts.every(({ limits, requests }) =>
    ['cpu', 'memory'].every(
      (name) => limits[name] !== undefined && limits[name] === requests[name],
    ),
  );
  return guaranteed ? 'Guaranteed' : 'Burstable';
}
