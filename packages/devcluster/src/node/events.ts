// Events about pods. They tell people what happened and never hold anything up.
import type { NodeApi } from './api.ts';
import { timestamp } from './clock.ts';
import type { Clock } from './clock.ts';
import type { Pod } from './pod.ts';

export interface PodEvent {
  type: 'Normal' | 'Warning';
  reason: string;
  message: string;
}

interface Seen {
  name: Promise<string | undefined>;
  count: number;
}

/** Equal events of a pod are counted on one object. */
export function eventsOf(
  pod: Pod,
  { api, clock, nodeName }: { api: NodeApi; clock: Clock; nodeName: string },
): (event: PodEvent) => void {
  const { name, namespace, uid } = pod.metadata;
  const path = `/api/v1/namespaces/${namespace}/events`;
  const seen = new Map<string, Seen>();

  const create = async ({ type, reason, message }: PodEvent): Promise<string | undefined> => {
    const now = timestamp(clock);
    const created = await api.create(path, {
      apiVersion: 'v1',
      kind: 'Event',
      metadata: { generateName: `${name}.`, namespace },
      involvedObject: { apiVersion: 'v1', kind: 'Pod', name, namespace, uid },
      type,
      reason,
      message,
      source: { component: 'kubelet', host: nodeName },
      reportingComponent: 'kubelet',
      reportingInstance: nodeName,
      firstTimestamp: now,
      lastTimestamp: now,
      count: 1,
    });
    return (created as Pod).metadata.name;
  };

  const repeat = async (known: Seen): Promise<void> => {
    known.count += 1;
    const event = await known.name;
    if (event === undefined) return;
    const { count } = known;
    await api.patch(`${path}/${event}`, { count, lastTimestamp: timestamp(clock) });
  };

  return (event) => {
    const key = `${event.reason} ${event.message}`;
    const known = seen.get(key);
    if (known) {
      void repeat(known).catch(() => undefined);
      return;
    }
    // A namespace that is going away takes no events; the pod goes its way all the same.
    const created = create(event).catch(() => undefined);
    seen.set(key, { name: created, count: 1 });
  };
}
