import { createSteppedClock, settle } from '@muster/kube/testing';
import { expect, test } from 'vitest';
import { KubeError } from '@muster/kube';
import type { AccessQuestion, Events, KubeClient } from '@muster/kube';
import { aRunnerSet } from '@muster/api/testing';
import { createRights, permitted } from './rights.ts';

function aServer(answer: (question: AccessQuestion) => Promise<boolean>) {
  const asked: string[] = [];
  const may = (question: AccessQuestion): Promise<boolean> => {
    asked.push(`${question.verb} ${question.resource} in ${question.namespace ?? ''}`);
    return answer(question);
  };
  const clock = createSteppedClock(0);
  return { asked, clock, rights: createRights({ kube: { may } as unknown as KubeClient, clock }) };
}

const onlyEvents = ({ resource }: AccessQuestion) => Promise.resolve(resource === 'events');

test('asks once a namespace, and again after an hour', async () => {
  const { rights, asked, clock } = aServer(onlyEvents);
  const first = await Promise.all([rights.of('a'), rights.of('a')]);
  expect(first).toEqual([
    { events: true, patchPods: false },
    { events: true, patchPods: false },
  ]);
  expect(asked).toEqual(['create events in a', 'patch pods in a']);
  clock.advance(3_599_999);
  await rights.of('a');
  expect(asked).toHaveLength(2);
  clock.advance(1);
  await rights.of('a');
  expect(asked).toHaveLength(4);
});

test('what could not be asked is tried, and asked again', async () => {
  const { rights, asked } = aServer(() => Promise.reject(new Error('away')));
  expect(await rights.of('a')).toEqual({ events: true, patchPods: true });
  await rights.of('a');
  expect(asked).toHaveLength(4);
});

test('what is refused although it was granted is no failure, and is asked anew', async () => {
  const { rights, asked } = aServer(() => Promise.resolve(true));
  await rights.of('a');
  await rights.of('b');
  await rights.attempt('a', () => Promise.reject(new KubeError('forbidden', 'not any more')));
  await rights.of('a');
  await rights.of('b');
  const [events, pods] = ['create events in', 'patch pods in'] as const;
  const each = (namespace: string) => [`${events} ${namespace}`, `${pods} ${namespace}`];
  expect(asked).toEqual([...each('a'), ...each('b'), ...each('a')]);
});

test('another failure of what was granted is one', async () => {
  const { rights, asked } = aServer(() => Promise.resolve(true));
  await rights.of('a');
  const conflict = new KubeError('conflict', 'somebody was faster');
  await expect(rights.attempt('a', () => Promise.reject(conflict))).rejects.toBe(conflict);
  await rights.of('a');
  expect(asked).toHaveLength(2);
});

test('no Event is sent where none may be', async () => {
  const recorded: string[] = [];
  const events: Events = {
    record: (subject, { reason }) => recorded.push(`${subject.metadata.namespace ?? ''} ${reason}`),
    flush: () => Promise.resolve(),
  };
  const { rights } = aServer(({ namespace }) => Promise.resolve(namespace === 'ours'));
  const recorder = permitted(events, rights);
  for (const namespace of ['ours', 'theirs']) {
    const subject = aRunnerSet({ metadata: { namespace } });
    recorder.record(subject, { type: 'Normal', reason: 'R', message: '' });
  }
  await recorder.flush();
  await settle();
  expect(recorded).toEqual(['ours R']);
});
