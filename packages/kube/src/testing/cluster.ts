// The dev cluster behind a client, for this package's own tests.
import { createCluster } from '@muster/devcluster';
import { createKubeClient } from '../client.ts';
import type { Cluster } from '@muster/devcluster';
import type { ConfigMap } from '../kinds.ts';
import type { Unsaved } from '../object.ts';
import type { Clock, KubeClient } from '../types.ts';

export interface TestCluster {
  cluster: Cluster;
  client: KubeClient;
  fetch: (request: Request) => Promise<Response>;
}

/** With the administrator's rights. */
export function aCluster(clock?: Clock): TestCluster {
  const cluster = createCluster();
  const fetch = (request: Request): Promise<Response> => {
    request.headers.set('authorization', `Bearer ${cluster.adminToken}`);
    return cluster.fetch(request);
  };
  const client = createKubeClient({ fetch, ...(clock === undefined ? {} : { clock }) });
  return { cluster, client, fetch };
}

export const aConfigMap = (
  name: string,
  {
    namespace = 'default',
    data = {},
    labels = {},
  }: Partial<Record<'data' | 'labels', Record<string, string>>> & { namespace?: string } = {},
): Unsaved<ConfigMap> => ({
  apiVersion: 'v1',
  kind: 'ConfigMap',
  metadata: { name, namespace, labels },
  data,
});
