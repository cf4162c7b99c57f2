// Does what a listener's plan asks for.
import { AutoscalingListenerKind, FINALIZERS, withoutFinalizers } from '@muster/api';
import type { AutoscalingListener } from '@muster/api';
import { PodKind } from '@muster/kube';
import type { At, Kind, KubeClient, KubeObject } from '@muster/kube';
import type { Resource } from './desired.ts';
import type { Observed } from './observe.ts';
import type { Action } from './plan.ts';

interface Doing {
  listener: AutoscalingListener;
  kube: KubeClient;
}

type Step<Do extends Action['do']> = Extract<Action, { do: Do }>;
type Steps = { [Do in Action['do']]: (action: Step<Do>, doing: Doing) => Promise<void> };

export const act = (action: Action, { listener }: Observed, kube: KubeClient): Promise<void> =>
  (STEPS[action.do] as (action: Action, doing: Doing) => Promise<void>)(action, { listener, kube });

const STEPS: Steps = {
  hold: (_, { listener, kube }) =>
    patchFinalizers(kube, listener, [...(listener.metadata.finalizers ?? []), FINALIZERS.listener]),
  release: (_, { listener, kube }) =>
    patchFinalizers(kube, listener, withoutFinalizers(listener, [FINALIZERS.listener])),
  leave: (_, { listener, kube }) => remove(kube, AutoscalingListenerKind, listener),
  async report({ status }, { listener, kube }) {
    await kube.patchStatus(AutoscalingListenerKind, at(listener.metadata), { status });
  },

  async create({ resource: { kind, object } }, { kube }) {
    await kube.create(kind, object);
  },
  update: ({ resource }, { kube }) => update(kube, resource),
  delete: ({ resource: { kind, object } }, { kube }) => remove(kube, kind, object),
  async 'stop-pod'({ pod, graceSeconds }, { kube }) {
    await kube.delete(PodKind, at(pod.metadata), {
      uid: pod.metadata.uid,
      ...(graceSeconds !== undefined && { gracePeriodSeconds: graceSeconds }),
    });
  },

  wait: () => Promise.resolve(),
};

const at = ({ namespace, name }: KubeObject['metadata']): At => ({
  name,
  ...(namespace !== undefined && { namespace }),
});

async function patchFinalizers(
  kube: KubeClient,
  { metadata }: AutoscalingListener,
  finalizers: string[],
): Promise<void> {
  // With the version: the array is sent whole, and must not undo what another wrote meanwhile.
  const { resourceVersion } = metadata;
  await kube.patch(AutoscalingListenerKind, at(metadata), {
    metadata: { resourceVersion, finalizers },
  });
}

async function update(kube: KubeClient, { kind, object }: Resource): Promise<void> {
  const { name, namespace, labels, annotations } = object.metadata;
  // Owners do not change, and a patch of the array would undo what others added.
  await kube.patch(kind, { name, namespace }, { ...object, metadata: { labels, annotations } });
}

async function remove(kube: KubeClient, kind: Kind, { metadata }: KubeObject): Promise<void> {
  await kube.delete(kind, at(metadata), { uid: metadata.uid });
}
