import type { Kind, KubeClient, WriteOptions } from '@muster/kube';
import type { ControllerMetrics } from './ours.ts';

/** The same client, whose writes are counted by kind; a dry run is none. */
export function countedClient(
  client: KubeClient,
  metrics: Pick<ControllerMetrics, 'wrote'>,
): KubeClient {
  const count = (verb: string, { kind }: Kind, options: WriteOptions | undefined): void => {
    if (options?.dryRun !== true) metrics.wrote(kind, verb);
  };
  return {
    ...client,
    create: (kind, object, options) => {
      count('create', kind, options);
      return client.create(kind, object, options);
    },
    patch: (kind, at, ...[patch, options]) => {
      count('patch', kind, options);
      return client.patch(kind, at, patch, options);
    },
    patchStatus: (kind, at, ...[patch, options]) => {
      count('patch-status', kind, options);
      return client.patchStatus(kind, at, patch, options);
    },
    delete: (kind, at, options) => {
      count('delete', kind, options);
      return client.delete(kind, at, options);
    },
    fenced: (mayWrite) => countedClient(client.fenced(mayWrite), metrics),
  };
}
