// Does what a runner set's plan asks for.
import {
  ANNOTATIONS,
  AutoscalingListenerKind,
  AutoscalingRunnerSetKind,
  EphemeralRunnerKind,
  EphemeralRunnerSetKind,
  FINALIZERS,
  ownedBy,
  withoutFinalizers,
} from '@muster/api';
import type { AutoscalingRunnerSet, EphemeralRunner, EphemeralRunnerSet } from '@muster/api';
import type { JsonObject, Kind, KubeClient, KubeObject } from '@muster/kube';
import { accessOf } from '../access.ts';
import type { GitHubAccess } from '../access.ts';
import type { Deps } from '../deps.ts';
import { mergePatch } from '../merge-patch.ts';
import { inParallel } from '../parallel.ts';
import { scaleSetIdOf } from './identity.ts';
import type { Memory } from './memory.ts';
import type { Observed } from './observe.ts';
import type { Action } from './plan.ts';
import { move, register, relabel, rename, restore } from './scale-set.ts';
import type { ScaleSetStep } from './scale-set.ts';
import { unprotect } from './unprotect.ts';

interface Doing {
  observed: Observed;
  kube: KubeClient;
  deps: Pick<Deps, 'clock' | 'github' | 'kept'> & { memory: Memory };
}

type Step<Do extends Action['do']> = Extract<Action, { do: Do }>;
type Steps = { [Do in Action['do']]: (action: Step<Do>, doing: Doing) => Promise<void> };

export const act = (action: Action, doing: Doing): Promise<void> =>
  (STEPS[action.do] as (action: Action, doing: Doing) => Promise<void>)(action, doing);

const STEPS: Steps = {
  // With the version: the array is sent whole, and must not undo what another wrote meanwhile.
  hold: (_, { observed: { runnerSet }, kube }) =>
    patchMetadata(kube, runnerSet, {
      resourceVersion: runnerSet.metadata.resourceVersion,
      finalizers: [...(runnerSet.metadata.finalizers ?? []), FINALIZERS.runnerSet],
    }),
  release: (_, { observed: { runnerSet }, kube }) =>
    patchMetadata(kube, runnerSet, {
      resourceVersion: runnerSet.metadata.resourceVersion,
      finalizers: withoutFinalizers(runnerSet, [FINALIZERS.runnerSet]),
    }),
  forget: (_, { observed: { runnerSet }, kube }) => forget(kube, runnerSet),
  async report({ status }, { observed: { runnerSet }, kube, deps: { kept } }) {
    const at = placeOf(runnerSet);
    kept.note(runnerSet, status, await kube.patchStatus(AutoscalingRunnerSetKind, at, { status }));
  },

  register: (_, doing) => atGitHub(register, doing),
  move: (_, doing) => atGitHub(move, doing),
  rename: (_, doing) => atGitHub(rename, doing),
  relabel: (_, doing) => atGitHub(relabel, doing),
  async restore(_, doing) {
    const { observed, deps } = doing;
    await atGitHub(restore, doing);
    deps.memory.of(observed.runnerSet).lookedForAt = deps.clock.now();
  },
  async deregister(_, { observed: { runnerSet }, kube, deps: { github } }) {
    const client = await github.clientForRemoval(accessTo(runnerSet));
    await client.deleteScaleSet(scaleSetIdOf(runnerSet) ?? 0);
    // At once, so that a later step that fails needs no credentials to be tried again.
    await forget(kube, runnerSet);
  },

  async 'create-set'({ set }, { kube }) {
    await kube.create(EphemeralRunnerSetKind, set);
  },
  async 'update-set'({ set, wanted }, { kube }) {
    const { labels, annotations } = wanted.metadata;
    await kube.patch(EphemeralRunnerSetKind, placeOf(set), {
      metadata: { labels, annotations },
      spec: mergePatch(templateOf(set), templateOf(wanted)) ?? {},
    });
  },
  // A numbered patch takes nothing away, so that its runners are there to be adopted.
  async 'quiesce-set'({ set }, { kube }) {
    const patchID = Math.max(1, set.spec.patchID);
    await kube.patch(EphemeralRunnerSetKind, placeOf(set), { spec: { replicas: 0, patchID } });
  },
  adopt: ({ set, runners }, { kube }) =>
    inParallel(runners, AT_ONCE, (runner) => adopt(runner, set, kube)),
  'delete-sets': ({ sets }, { kube }) => remove(kube, EphemeralRunnerSetKind, sets),

  async 'create-listener'({ listener }, { kube }) {
    await kube.create(AutoscalingListenerKind, listener);
  },
  async 'update-listener'({ listener, wanted }, { kube }) {
    const { labels, annotations } = wanted.metadata;
    await kube.patch(AutoscalingListenerKind, placeOf(listener), {
      metadata: { labels, annotations },
      spec: mergePatch({ ...listener.spec }, { ...wanted.spec }) ?? {},
    });
  },
  'delete-listeners': ({ listeners }, { kube }) => remove(kube, AutoscalingListenerKind, listeners),

  unprotect: (_, { observed: { runnerSet }, kube }) => unprotect(kube, runnerSet),
  wait: () => Promise.resolve(),
};

interface Placed extends KubeObject {
  metadata: KubeObject['metadata'] & { namespace: string };
}

const placeOf = ({
  metadata: { namespace, name },
}: Placed): { namespace: string; name: string } => ({
  namespace,
  name,
});

const accessTo = ({ metadata, spec }: AutoscalingRunnerSet): GitHubAccess =>
  accessOf(metadata.namespace, spec);

async function patchMetadata(
  kube: KubeClient,
  runnerSet: AutoscalingRunnerSet,
  metadata: JsonObject,
): Promise<void> {
  await kube.patch(AutoscalingRunnerSetKind, placeOf(runnerSet), { metadata });
}

const forget = (kube: KubeClient, runnerSet: AutoscalingRunnerSet): Promise<void> =>
  patchMetadata(kube, runnerSet, { annotations: { [ANNOTATIONS.scaleSetId]: null } });

async function atGitHub(
  step: ScaleSetStep,
  { observed: { runnerSet }, kube, deps: { github } }: Doing,
): Promise<void> {
  const { labels, annotations } = await step(
    runnerSet,
    await github.clientFor(accessTo(runnerSet)),
  );
  await patchMetadata(kube, runnerSet, { labels, annotations });
}

const AT_ONCE = 16;

/** Another controller owns it from now on; owners that do not control it stay. */
async function adopt(
  { metadata }: EphemeralRunner,
  set: EphemeralRunnerSet,
  kube: KubeClient,
): Promise<void> {
  const { namespace, name, resourceVersion, ownerReferences: owners = [] } = metadata;
  const ownerReferences = [...owners.filter(({ controller }) => controller !== true), ownedBy(set)];
  await kube.patch(
    EphemeralRunnerKind,
    { namespace, name },
    {
      metadata: { resourceVersion, ownerReferences },
    },
  );
}

/** All of a set's spec but what its listener writes. */
const templateOf = ({ spec }: Pick<EphemeralRunnerSet, 'spec'>): JsonObject => ({
  ephemeralRunnerSpec: spec.ephemeralRunnerSpec,
  ephemeralRunnerMetadata: spec.ephemeralRunnerMetadata,
});

async function remove<T extends Placed>(
  kube: KubeClient,
  kind: Kind<T>,
  objects: readonly T[],
): Promise<void> {
  for (const object of objects) {
    await kube.delete(kind, placeOf(object), { uid: object.metadata.uid });
  }
}
