// Does what a listener's plan asks for.
import { AutoscalingListenerKind, FINALIZERS, withoutFinalizers } from '@muster/api';
import type { AutoscalingListener } from '@muster/api';
import { isKubeError, PodKind } from '@muster/kube';
import type { At, Kind, KubeClient, KubeObject } from '@muster/kube';
import type { Resource } from './desired.ts';
import type { Deps } from '../deps.ts';
import type { Memory } from './memory.ts';
import type { Action } from './plan.ts';
import type { Turns } from './turns.ts';

interface Doing {
  listener: AutoscalingListener;
  kube: KubeClient;
  deps: ActDeps;
}

type ActDeps = Pick<Deps, 'clock' | 'kept' | 'reads'> & { memory: Memory; turns: Turns };

type Step<Do extends Action['do']> = Extract<Action, { do: Do }>;
type Steps = { [Do in Action['do']]: (action: Step<Do>, doing: Doing) => Promise<void> };

export const act = (action: Action, doing: Doing): Promise<void> =>
  (STEPS[action.do] as (action: Action, doing: Doing) => Promise<void>)(action, doing);

const STEPS: Steps = {
  hold: (_, { listener, kube }) =>
    patchFinalizers(kube, listener, [...(listener.metadata.finalizers ?? []), FINALIZERS.listener]),
  release: (_, { listener, kube }) =>
    patchFinalizers(kube, listener, withoutFinalizers(listener, [FINALIZERS.listener])),
  leave: (_, { listener, kube }) => remove(kube, AutoscalingListenerKind, listener),
  async report({ status }, { listener, kube, deps: { kept } }) {
    const place = at(listener.metadata);
    kept.note(listener, status, await kube.patchStatus(AutoscalingListenerKind, place, { status }));
  },

  async create({ resource: { kind, object } }, { kube, deps: { reads } }) {
    reads.forget(at(object.metadata));
    await kube.create(kind, object);
  },
  async update({ resource }, { kube, deps: { reads } }) {
    await update(kube, resource);
    reads.forget(at(resource.object.metadata));
  },
  async delete({ resource: { kind, object } }, { kube, deps: { reads } }) {
    await remove(kube, kind, object);
    reads.forget(at(object.metadata));
  },
  async 'stop-pod'({ pod, graceSeconds }, { kube }) {
    await kube.delete(PodKind, at(pod.metadata), {
      uid: pod.metadata.uid,
      ...(graceSeconds !== undefined && { gracePeriodSeconds: graceSeconds }),
    });
  },

  'replace-pod': (action, doing) => replacePod(action, doing),
  'note-refusal': ({ refusal }, { listener, deps: { memory } }) => {
    memory.refused(listener, refusal);
    return Promise.resolve();
  },
  wait: () => Promise.resolve(),
};

/** The pod that listens goes only for one that the API server would take: a change must not stop it. */
async function replacePod(
  { pod, resource }: Step<'replace-pod'>,
  { listener, kube, deps: { clock, turns } }: Doing,
): Promise<void> {
  const { namespace, name } = listener.metadata;
  try {
    await kube.create(resource.kind, resource.object, { dryRun: true });
  } catch (error) {
    // The name is looked at last, so all else was found good.
    if (!isKubeError(error, 'already-exists')) throw error;
  }
  if (!turns.take(`${namespace}/${name}`, pod.metadata.uid, clock.now())) return;
  await kube.delete(PodKind, at(pod.metadata), { uid: pod.metadata.uid });
}

const at = ({ namespace, name }: { name: string; namespace?: string | undefined }): At => ({
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
