// The smallest scheduler: one node, no limits; a pod fits unless the node is cordoned or its selector says otherwise.
import { podPath } from './api.ts';
import type { NodeApi } from './api.ts';
import { timestamp } from './clock.ts';
import type { Clock } from './clock.ts';
import type { Condition, Pod } from './pod.ts';

export interface SchedulerInput {
  api: NodeApi;
  clock: Clock;
  nodeName: string;
  node: NodeView;
}

/** What the Node object says of where pods may go. */
export interface NodeView {
  labels: Record<string, string>;
  isCordoned: boolean;
}

const isWaiting = ({ metadata, spec, status }: Pod): boolean =>
  spec.nodeName === undefined &&
  metadata.deletionTimestamp === undefined &&
  (spec.schedulingGates ?? []).length === 0 &&
  status?.phase !== 'Failed';

/** Why a pod cannot come here, or undefined when it can. */
function obstacle({ spec }: Pod, { labels, isCordoned }: NodeView): string | undefined {
  if (isCordoned) return '0/1 nodes are available: 1 node(s) were unschedulable.';
  const fits = Object.entries(spec.nodeSelector ?? {}).every(
    ([key, value]) => labels[key] === value,
  );
  if (fits) return undefined;
  return "0/1 nodes are available: 1 node(s) didn't match Pod's node affinity/selector.";
}

/** Binds the pod if it waits for a node and fits; says in a condition why it does not. */
export async function schedule(pod: Pod, input: SchedulerInput): Promise<'waits' | 'settled'> {
  if (!isWaiting(pod)) return 'settled';
  const { api, nodeName, node } = input;
  const { namespace, name, uid } = pod.metadata;
  const problem = obstacle(pod, node);
  if (problem === undefined) {
    await api.create(podPath(namespace, name, 'binding'), {
      apiVersion: 'v1',
      kind: 'Binding',
      metadata: { name, namespace, uid },
      target: { apiVersion: 'v1', kind: 'Node', name: nodeName },
    });
    return 'settled';
  }
  await reportUnschedulable(pod, problem, input);
  return 'waits';
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
