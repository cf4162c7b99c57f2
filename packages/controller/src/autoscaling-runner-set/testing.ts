// What is observed of a runner set, for tests: all is well unless they say otherwise.
import { FINALIZERS } from '@muster/api';
import { aListener, aRunnerSet, aSet } from '@muster/api/testing';
import type { AutoscalingRunnerSet } from '@muster/api';
import { parseConfig } from '../config.ts';
import { desiredListener, desiredSet } from './desired.ts';
import type { Observed } from './observe.ts';

export const config = parseConfig({
  args: [],
  env: {
    CONTROLLER_MANAGER_POD_NAMESPACE: 'muster-system',
    CONTROLLER_MANAGER_CONTAINER_IMAGE: 'm:1',
  },
});
export const NOW = Date.parse('2026-01-01T01:00:00Z');
export const DELETED = '2026-01-01T00:59:00Z';

/** What GitHub is known to have. */
export const KNOWN = {
  'runner-scale-set-id': '7',
  'actions.github.com/runner-group-name': 'Default',
  'actions.github.com/runner-scale-set-name': 'linux',
  'actions.github.com/runner-scale-set-labels': '["linux"]',
  'actions.github.com/runner-scale-set-url': 'https://github.com/my-org',
};

export const held = (given: Parameters<typeof aRunnerSet>[0] = {}): AutoscalingRunnerSet =>
  aRunnerSet({
    status: { phase: 'Pending' },
    ...given,
    metadata: { finalizers: [FINALIZERS.runnerSet], annotations: KNOWN, ...given.metadata },
  });

export const deleting = (given: Parameters<typeof aRunnerSet>[0] = {}): AutoscalingRunnerSet =>
  held({ ...given, metadata: { deletionTimestamp: DELETED, ...given.metadata } });

export const observed = (given: Partial<Observed> = {}): Observed => ({
  now: NOW,
  config,
  runnerSet: held(),
  sets: [],
  namesake: given.sets?.find(({ metadata }) => metadata.name === 'linux'),
  listeners: [],
  runners: [],
  rival: undefined,
  isShared: false,
  verdict: { is: 'valid' },
  granted: { events: true, patchPods: true },
  lookedForAt: undefined,
  ...given,
});

/** Set and listener as the runner set wants them. */
export function upToDate(
  runnerSet: AutoscalingRunnerSet,
  name = 'linux',
): Pick<Observed, 'sets' | 'listeners'> {
  const { template } = runnerSet.spec;
  const set = desiredSet({ runnerSet, scaleSetId: 7, name, template }, config);
  const listener = desiredListener({ runnerSet, setName: name, scaleSetId: 7 }, config);
  return {
    sets: [aSet({ metadata: { ...set.metadata }, spec: set.spec })],
    listeners: [aListener({ metadata: { ...listener.metadata }, spec: listener.spec })],
  };
}
