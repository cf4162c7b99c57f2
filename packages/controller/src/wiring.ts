// Which events wake which keys: the one list of watches (reference/controllers.md 2.1).
import { controllerOf, label, LABELS } from '@muster/api';
import type { ApiObject, EphemeralRunnerSet } from '@muster/api';
import type { Cache, Change, Clock, KubeObject, Loop } from '@muster/kube';
import type { Caches } from './deps.ts';
import { KEPT_MS } from './reads.ts';

type Wake = Pick<Loop, 'wake'>;

export interface Loops {
  runnerSets: Wake;
  listeners: Wake;
  sets: Wake;
  runners: Wake;
  /** By the key of their runner set. */
  lostJobs: Wake;
}

export interface Pulse {
  clock: Clock;
  /** What is read and not watched. */
  stores: readonly { expire(): void }[];
}

/** Returns the way to stop it. */
export function wire(caches: Caches, loops: Loops, { clock, stores }: Pulse): () => void {
  const stops = [
    on(caches.runnerSets, ({ object }) => {
      loops.runnerSets.wake(keyOf(object));
      if (object.status?.lostJobs) loops.lostJobs.wake(keyOf(object));
    }),
    on(caches.listeners, ({ object }) => {
      const { autoscalingRunnerSetNamespace, autoscalingRunnerSetName } = object.spec;
      loops.listeners.wake(keyOf(object));
      loops.runnerSets.wake(`${autoscalingRunnerSetNamespace}/${autoscalingRunnerSetName}`);
    }),
    on(caches.sets, (change) => {
      const { object } = change;
      loops.sets.wake(keyOf(object));
      wakeOwner(loops.runnerSets, object, 'AutoscalingRunnerSet');
      if (isNewsOfListener(change)) {
        for (const key of listenersOf(object, caches)) loops.listeners.wake(key);
      }
      for (const key of heldBack(change, caches)) loops.runners.wake(key);
    }),
    on(caches.runners, ({ object }) => {
      loops.runners.wake(keyOf(object));
      wakeOwner(loops.sets, object, 'EphemeralRunnerSet');
    }),
    on(caches.pods, ({ object }) => {
      wakeOwner(loops.runners, object, 'EphemeralRunner');
      wakeOwner(loops.listeners, object, 'AutoscalingListener');
    }),
    on(caches.serviceAccounts, ({ object }) => {
      wakeOwner(loops.listeners, object, 'AutoscalingListener');
    }),
    ...[caches.roles, caches.roleBindings].map((cache) =>
      on<KubeObject>(cache as unknown as Cache<KubeObject>, ({ object }) => {
        wakeLabelled(loops.listeners, object);
      }),
    ),
    // Secrets and ConfigMaps cannot be watched: a rotation arrives with this look.
    every(clock, KEPT_MS, () => {
      for (const store of stores) store.expire();
      for (const listener of caches.listeners.list()) loops.listeners.wake(keyOf(listener));
    }),
  ];
  return () => {
    for (const stop of stops) stop();
  };
}

const on = <T extends KubeObject>(
  cache: Cache<T>,
  listener: (change: Change<T>) => void,
): (() => void) => cache.onChange(listener);

const keyOf = ({ metadata }: KubeObject): string => `${metadata.namespace ?? ''}/${metadata.name}`;

function wakeOwner(loop: Wake, object: KubeObject, kind: string): void {
  const owner = controllerOf(object as ApiObject);
  if (owner?.kind === kind) loop.wake(`${object.metadata.namespace ?? ''}/${owner.name}`);
}

/** Owner references do not cross namespaces, so these two carry labels instead. */
function wakeLabelled(loop: Wake, object: KubeObject): void {
  const namespace = label(object as ApiObject, LABELS.listenerNamespace);
  const name = label(object as ApiObject, LABELS.listenerName);
  if (namespace !== undefined && name !== undefined) loop.wake(`${namespace}/${name}`);
}

/** Its counts change with every job, and a listener's pod with none of them. */
const isNewsOfListener = ({ type, object, before }: Change<EphemeralRunnerSet>): boolean =>
  type !== 'modified' ||
  JSON.stringify(object.status?.listener) !== JSON.stringify(before?.status?.listener);

/** The process in a listener's pod says in its set's status how it fares. */
const listenersOf = ({ metadata }: EphemeralRunnerSet, { listeners }: Caches): string[] =>
  listeners
    .list()
    .filter(
      ({ spec }) =>
        spec.ephemeralRunnerSetName === metadata.name &&
        spec.autoscalingRunnerSetNamespace === metadata.namespace,
    )
    .map(keyOf);

/** Runners that may go once their set has counted them, or is itself on its way out. */
function heldBack(
  { object, type, before }: Change<EphemeralRunnerSet>,
  { runners }: Caches,
): string[] {
  const isLeaving = type === 'deleted' || object.metadata.deletionTimestamp !== undefined;
  const isCounted = JSON.stringify(object.status?.slots) !== JSON.stringify(before?.status?.slots);
  if (!isLeaving && !isCounted) return [];
  return runners
    .find('owner', object.metadata.uid)
    .filter(({ metadata }) => isLeaving || metadata.deletionTimestamp !== undefined)
    .map(keyOf);
}

function every(clock: Clock, ms: number, run: () => void): () => void {
  let cancel = clock.setTimeout(tick, ms);
  function tick(): void {
    run();
    cancel = clock.setTimeout(tick, ms);
  }
  return () => {
    cancel();
  };
}
