import { aRunnerSet } from '@muster/api/testing';
import { KubeError } from '@muster/kube';
import { createSteppedClock } from '@muster/kube/testing';
import { describe, expect, test } from 'vitest';
import type { KubeErrorCode } from '@muster/kube';
import { Memory } from './memory.ts';
import { config, NOW } from './testing.ts';
import { templateCondition, verdictOn } from './template.ts';
import type { JudgeDeps } from './template.ts';

type Answer = 'taken' | [KubeErrorCode, string];

interface Asked {
  fieldValidation?: string;
  dryRun?: boolean;
}

function aJudge(...answers: Answer[]) {
  const asked: Asked[] = [];
  const clock = createSteppedClock(NOW);
  const kube = {
    create: (_: unknown, object: unknown, how: Asked) => {
      asked.push(how);
      const answer = answers.length > 1 ? answers.shift() : answers[0];
      if (answer === undefined || answer === 'taken') return Promise.resolve(object);
      return Promise.reject(new KubeError(...answer));
    },
  } as unknown as JudgeDeps['kube'];
  return { asked, clock, deps: { kube, clock, memory: new Memory(), config } };
}

const STRICT: Answer = ['bad-request', 'strict decoding error: unknown field "spec.nodeSelektor"'];

describe('a verdict', () => {
  test.each<{ name: string; answers: Answer[]; is: string }>([
    { name: 'the API server takes it', answers: ['taken'], is: 'valid' },
    {
      name: '422 is its fault',
      answers: [['invalid', 'spec.containers: Required']],
      is: 'invalid',
    },
    { name: 'a policy refuses it', answers: [['forbidden', 'denied the request']], is: 'invalid' },
    {
      name: 'no priority class of that name',
      answers: [['forbidden', 'no PriorityClass with name x was found']],
      is: 'invalid',
    },
    {
      name: 'a full quota is not its fault',
      answers: [['forbidden', 'exceeded quota: q, requested: pods=1']],
      is: 'unjudged',
    },
    {
      name: 'a missing right is not its fault',
      answers: [['forbidden', 'User "x" cannot create resource "pods"']],
      is: 'unjudged',
    },
    {
      name: 'a namespace on its way out',
      answers: [['forbidden', 'unable to create new content because it is being terminated']],
      is: 'unjudged',
    },
    { name: 'a server that fails', answers: [['unavailable', '500']], is: 'unjudged' },
    { name: 'a server that is away', answers: [['unreachable', 'ECONNREFUSED']], is: 'unjudged' },
    { name: 'an unknown field is told of', answers: [STRICT, 'taken'], is: 'warned' },
    {
      name: 'and does not hide another fault',
      answers: [STRICT, ['invalid', 'spec.containers: Required']],
      is: 'invalid',
    },
    { name: 'another bad request', answers: [['bad-request', 'what?']], is: 'unjudged' },
  ])('$name: $is', async ({ answers, is }) => {
    const { deps, asked } = aJudge(...answers);
    expect((await verdictOn(aRunnerSet(), deps)).is).toBe(is);
    expect(asked[0]).toEqual({ dryRun: true, fieldValidation: 'Strict' });
    expect(asked.every(({ dryRun }) => dryRun === true)).toBe(true);
  });

  test('a template without a runner container is refused without asking', async () => {
    const { deps, asked } = aJudge('taken');
    const spec = { template: { spec: { containers: [{ name: 'main', image: 'x' }] } } };
    expect(await verdictOn(aRunnerSet({ spec }), deps)).toMatchObject({ is: 'invalid' });
    expect(await verdictOn(aRunnerSet({ spec: { template: {} } }), deps)).toMatchObject({
      is: 'invalid',
    });
    expect(asked).toEqual([]);
  });
});

describe('it asks', () => {
  const other = aRunnerSet({
    spec: { template: { spec: { containers: [{ name: 'runner', image: 'other' }] } } },
  });

  test('once a good template, and again when it changes', async () => {
    const { deps, asked, clock } = aJudge('taken');
    await verdictOn(aRunnerSet(), deps);
    clock.advance(3_600_000);
    await verdictOn(aRunnerSet(), deps);
    expect(asked).toHaveLength(1);
    await verdictOn(other, deps);
    expect(asked).toHaveLength(2);
  });

  test('again after a minute when it was refused', async () => {
    const { deps, clock } = aJudge(['forbidden', 'serviceaccount "x" not found'], 'taken');
    expect((await verdictOn(aRunnerSet(), deps)).is).toBe('invalid');
    clock.advance(59_999);
    expect((await verdictOn(aRunnerSet(), deps)).is).toBe('invalid');
    clock.advance(1);
    expect((await verdictOn(aRunnerSet(), deps)).is).toBe('valid');
  });
});

test.each([
  { name: 'stays refused in an outage', generation: 1, is: 'invalid' },
  { name: 'another than the refused one is only not judged', generation: 2, is: 'unjudged' },
])('$name, after a restart too', async ({ generation, is }) => {
  const { deps } = aJudge(['unavailable', '500']);
  const refused = templateCondition({ is: 'invalid', message: 'Required' });
  const condition = { ...refused, observedGeneration: 1, lastTransitionTime: '' };
  const status = { conditions: [condition] };
  expect((await verdictOn(aRunnerSet({ status, metadata: { generation } }), deps)).is).toBe(is);
});
