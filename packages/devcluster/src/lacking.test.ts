// What this cluster lacks and a real one has: each is refused by its name (501), and the README lists it.
import { readFile } from 'node:fs/promises';
import { expect, test } from 'vitest';
import { createCluster } from './cluster.ts';
import { aConfigMap, apiUser, aPod } from './testing.ts';
import type { Failure } from './testing.ts';

const SPACE = '/api/v1/namespaces/default';

interface Row {
  what: string;
  /** As the README calls it. */
  told?: string;
  method?: string;
  path: string;
  type?: string;
  body?: object;
}

const pod = (subresource: string, method: string): Row => ({
  what: `pods/${subresource}`,
  told: subresource === 'ephemeralcontainers' ? 'ephemeral containers' : subresource,
  method,
  path: `${SPACE}/pods/a/${subresource}`,
});

const resource = (path: string, told: string): Row => {
  const [, root, group = '', , plural = ''] = path.split('/');
  return { what: root === 'api' ? (path.split('/')[3] ?? '') : `${plural}.${group}`, told, path };
};

const ROWS: Row[] = [
  {
    what: 'server-side apply',
    method: 'PATCH',
    path: `${SPACE}/configmaps/a?fieldManager=me`,
    type: 'application/apply-patch+yaml',
    body: aConfigMap('a'),
  },
  { what: 'OpenAPI v2', path: '/openapi/v2' },
  pod('exec', 'POST'),
  pod('exec', 'GET'),
  pod('attach', 'POST'),
  pod('portforward', 'POST'),
  pod('proxy', 'GET'),
  pod('resize', 'PATCH'),
  pod('ephemeralcontainers', 'PATCH'),
  resource('/apis/apps/v1/statefulsets', 'StatefulSets'),
  resource('/apis/apps/v1/daemonsets', 'DaemonSets'),
  resource('/apis/apps/v1/controllerrevisions', 'ControllerRevisions'),
  resource('/apis/batch/v1/jobs', 'Jobs'),
  resource('/apis/batch/v1/cronjobs', 'CronJobs'),
  resource('/apis/networking.k8s.io/v1/ingresses', 'Ingresses'),
  resource('/apis/autoscaling/v2/horizontalpodautoscalers', 'HorizontalPodAutoscalers'),
  resource('/apis/storage.k8s.io/v1/storageclasses', 'StorageClasses'),
  resource('/apis/events.k8s.io/v1/events', 'events.k8s.io'),
  resource('/apis/discovery.k8s.io/v1/endpointslices', 'EndpointSlices'),
  resource('/apis/admissionregistration.k8s.io/v1/validatingwebhookconfigurations', 'webhooks'),
  resource('/apis/apiregistration.k8s.io/v1/apiservices', 'APIServices'),
  resource('/apis/certificates.k8s.io/v1/certificatesigningrequests', 'signing requests'),
  resource('/apis/flowcontrol.apiserver.k8s.io/v1/flowschemas', 'flow control'),
  resource('/apis/node.k8s.io/v1/runtimeclasses', 'RuntimeClasses'),
  resource('/apis/resource.k8s.io/v1/resourceclaims', 'resource claims'),
  resource('/api/v1/persistentvolumes', 'PersistentVolumes'),
  resource('/api/v1/persistentvolumeclaims', 'their claims'),
  resource('/api/v1/replicationcontrollers', 'ReplicationControllers'),
  resource('/api/v1/endpoints', 'Endpoints'),
];

test.each(ROWS)('$method $path is 501 and names $what', async (row) => {
  const { what, method = 'GET', path, body = {} } = row;
  const type =
    row.type ?? (method === 'PATCH' ? 'application/merge-patch+json' : 'application/json');
  const api = apiUser(createCluster());
  await api.post(`${SPACE}/pods`, aPod('a'));
  const init =
    method === 'GET' ? {} : { headers: { 'content-type': type }, body: JSON.stringify(body) };
  const response = await api.send(path, { method, ...init });
  const { message, reason } = (await response.json()) as Failure;
  expect([response.status, reason, message]).toEqual([
    501,
    'NotImplemented',
    `${what} is not implemented by this cluster`,
  ]);
});

test('the same in a namespace, for an object of it', async () => {
  const api = apiUser(createCluster());
  const path = '/apis/apps/v1/namespaces/default/statefulsets/a';
  expect((await api.get<Failure>(path)).code).toBe(501);
  expect((await api.post<Failure>('/apis/batch/v1/namespaces/default/jobs', {})).code).toBe(501);
});

test('what no cluster has is 404 as ever', async () => {
  const api = apiUser(createCluster());
  expect((await api.get<Failure>('/apis/apps/v1/ships')).code).toBe(404);
});

test('the README lists all of it', async () => {
  const readme = await readFile(new URL('../README.md', import.meta.url), 'utf8');
  const list = readme.slice(readme.indexOf('**Answered with a 501'), readme.indexOf('**Accepted'));
  for (const { what, told = what } of ROWS) expect(list).toContain(told);
});
