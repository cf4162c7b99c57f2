import { expect, test } from 'vitest';
import { Memory } from './memory.ts';
import { observe } from './observe.ts';
import type { ObserveDeps } from './observe.ts';

/** Throws when more is looked at than these tests need. */
const depsOf = (watchNamespace: string, runnerSetNamespace: string): ObserveDeps =>
  ({
    caches: {
      listeners: {
        get: () => ({
          metadata: { namespace: 'system', name: 'linux-listener' },
          spec: { autoscalingRunnerSetNamespace: runnerSetNamespace },
        }),
      },
    },
    config: { watchNamespace },
    memory: new Memory(),
  }) as unknown as ObserveDeps;

test('an operator of one namespace leaves the listeners of its neighbour alone', async () => {
  expect(await observe('system/linux-listener', depsOf('team-a', 'team-b'))).toBeUndefined();
});
