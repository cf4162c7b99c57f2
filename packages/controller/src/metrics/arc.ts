// ARC's metrics of the controller (reference/controllers.md 7): read from the caches when they are
// asked for, so that a series ends with what it is about.
import { CONTAINERS, label, LABELS } from '@muster/api';
import type { ApiObject } from '@muster/api';
import type { Pod } from '@muster/kube';
import { Gauge } from 'prom-client';
import type { Registry } from 'prom-client';
import { BY_OWNER } from '../deps.ts';
import type { Caches } from '../deps.ts';

const LABEL_NAMES = ['name', 'namespace', 'repository', 'organization', 'enterprise'] as const;

type LabelValues = Record<(typeof LABEL_NAMES)[number], string>;

const COUNTS = [
  ['pending', 'pendingEphemeralRunners', 'Runners whose pod does not run yet.'],
  ['running', 'runningEphemeralRunners', 'Runners whose pod runs.'],
  ['failed', 'failedEphemeralRunners', 'Runners that failed.'],
] as const;

export function registerArcMetrics(registry: Registry, { sets, listeners, pods }: Caches): void {
  const shared = { labelNames: LABEL_NAMES, registers: [registry] };
  for (const [word, field, help] of COUNTS) {
    const gauge = new Gauge({
      ...shared,
      name: `gha_controller_${word}_ephemeral_runners`,
      help,
      collect: () => {
        gauge.reset();
        for (const set of sets.list()) {
          const name = label(set, LABELS.scaleSetName) ?? set.metadata.name;
          const namespace = label(set, LABELS.scaleSetNamespace) ?? set.metadata.namespace;
          gauge.set({ name, namespace, ...placeOf(set) }, set.status?.[field] ?? 0);
        }
      },
    });
  }
  const running = new Gauge({
    ...shared,
    name: 'gha_controller_running_listeners',
    help: 'Whether the listener runs.',
    collect: () => {
      running.reset();
      for (const listener of listeners.list()) {
        const { name, namespace, uid } = listener.metadata;
        const isRunning = pods.find(BY_OWNER, uid).some(runs);
        running.set({ name, namespace, ...placeOf(listener) }, isRunning ? 1 : 0);
      }
    },
  });
}

const runs = ({ status }: Pod): boolean =>
  status?.containerStatuses?.some(
    ({ name, state }) => name === CONTAINERS.listener && state?.running !== undefined,
  ) ?? false;

const placeOf = (object: ApiObject): Omit<LabelValues, 'name' | 'namespace'> => ({
  repository: label(object, LABELS.repository) ?? '',
  organization: label(object, LABELS.organization) ?? '',
  enterprise: label(object, LABELS.enterprise) ?? '',
});
