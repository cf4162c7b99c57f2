import { expect, test } from 'vitest';
import { createSteppedClock, recordedLog } from '@muster/kube/testing';
import { createRecorder } from './record.ts';
import type { ListenedScaleSet } from '@muster/api';
import type { KubeClient } from '@muster/kube';

const SET: ListenedScaleSet = {
  configUrl: 'https://github.com/my-org',
  credentials: { kind: 'token', token: 'planted' },
  scaleSetId: 1,
  runnerSetName: 'linux',
  setNamespace: 'runners',
  setName: 'linux',
  minRunners: 0,
  maxRunners: 5,
};

/** An API server that takes calls and never answers. */
const silent: KubeClient['patchStatus'] = (...[, , , options]) =>
  new Promise((_resolve, reject) => {
    options?.signal?.addEventListener('abort', () => {
      reject(new Error('the call was given up'));
    });
  });

test('a status that nobody answers for is given up after five seconds of its own time', async () => {
  const clock = createSteppedClock();
  const log = recordedLog();
  const recorder = createRecorder(SET, {
    kube: { patchStatus: silent, patch: silent },
    clock,
    log,
    instance: 'me',
  });
  const read = recorder.read();
  expect(clock.untilNext()).toBe(5_000);
  clock.advance(5_000);
  expect(await read).toBeUndefined();
  expect(log.lines.map(({ message }) => message)).toEqual(['could not use the status of the set']);
});
