// The smallest scheduler: one node, no limits; a pod fits unless its selector says otherwise.
import { podPath } from './api.ts';
import type { NodeApi } from './api.ts';
import { timestamp } from './clock.ts';
import type { Clock } from './clock.ts';
import type { Condition, Pod } from './pod.ts';

export interface SchedulerInput {
  api: NodeApi;
  clock: Clock;
  nodeName: string;
  nodeLabels: Record<string, string>;
}

const isWaiting = ({ metadata, spec, status }: Pod): boolean =>
  spec.nodeName === undefined &&
  metadata.deletionTimestamp === undefined &&
  (spec.schedulingGates ?? []).length === 0 &&
  status?.phase !== 'Failed';

/** Why a pod cannot come here, or undefined when it can. */
function obstacle({ spec }: Pod, labels: Record<string, string>): string | undefined {
  const fits = Object.entries(spec.nodeSelector ?? {}).every(
    ([key, value]) => labels[key] === value,
  );
  if (fits) return undefined;
  return "0/1 nodes are available: 1 node(s) didn't match Pod's node affinity/selector.";
}

/** Binds the pod if it waits for a node and fits; says in a condition why it does not. */
export async function schedule(pod: Pod, input: SchedulerInput): Promise<void> {
  if (!isWaiting(pod)) return;
  const { api, nodeName, nodeLabels } = input;
  const { namespace, name, uid } = pod.metadata;
  const problem = obstacle(pod, nodeLabels);
  if (problem === undefined) {
    await api.create(podPath(namespace, name, 'binding'), {
      apiVersion: 'v1',
      kind: 'Binding',
      metadata: { name, namespace, uid },
      target: { apiVersion: 'v1', kind: 'Node', name: nodeName },
    });
    return;
  }
  await reportUnschedulable(pod, problem, input);
}

async function reportUnschedulable(
  { metadata, status }: Pod,
  message: string,
  { api, clock }: SchedulerInput,
): Promise<void> {
  const known = status?.conditions ?? [];
  if (known.some((one) => one.type === 'PodScheduled' && one.message === message)) return;
  const condition: Condition = {
    type: 'PodScheduled',
    status: 'False',
    reason: 'Unschedulable',
    message,
    lastTransitionTime: timestamp(clock),
  };
  const others = known.filter(({ type }) => type !== 'PodScheduled');
  await api.patch(podPath(metadata.namespace, metadata.name, 'status'), {
    metadata: { uid: metadata.uid },
    status: { conditions: [...others, condition] },
  });
}
