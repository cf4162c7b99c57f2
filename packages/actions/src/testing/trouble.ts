// What may happen to a listener, and in which order: anything in any.
import type { FaultWish } from '@muster/simulator';
import fc from 'fast-check';

const ACTS = ['register', 'start', 'complete', 'cancel', 'die', 'die handling'] as const;

export type Act = (typeof ACTS)[number];

export type Step =
  | { do: 'turn'; times: number }
  | { do: 'queue'; jobs: number }
  | { do: 'act'; act: Act }
  | { do: 'wait'; seconds: number }
  /** The caller gives up when so many requests have gone out. */
  | { do: 'give up'; after: number; when: 'before' | 'carried out' }
  | { do: 'fault'; fault: FaultWish };

export interface Sequence {
  mode: 'acquire' | 'assign';
  steps: Step[];
}

const call = fc.constantFrom<FaultWish['call']>(
  'registration-token',
  'runner-registration',
  'create-session',
  'refresh-session',
  'delete-session',
  'get-message',
  'get-message',
  'delete-message',
  'delete-message',
  'acquire-jobs',
  'generate-jit-config',
);

const answers = fc.record(
  {
    status: fc.constantFrom(400, 401, 403, 404, 409, 429, 500, 501, 502, 503),
    typeName: fc.constantFrom(
      'GitHub.Actions.Runtime.WebApi.RunnerScaleSetSessionExpiredException, GitHub.Actions.Runtime.WebApi',
      'GitHub.Actions.Runtime.WebApi.RunnerScaleSetSessionConflictException, GitHub.Actions.Runtime.WebApi',
      'GitHub.Actions.Runtime.WebApi.InvalidTokenException, GitHub.Actions.Runtime.WebApi',
    ),
    retryAfterSeconds: fc.constantFrom(0, 1, 20, 300),
  },
  { requiredKeys: ['status'] },
);

const anywhere = fc.oneof(
  answers.map((answer) => ({ do: 'answer', ...answer }) as const),
  fc.constantFrom<FaultWish['effect']>(
    { do: 'drop' },
    { do: 'lose-answer' },
    { do: 'empty' },
    { do: 'byte-order-mark' },
    { do: 'forget', status: 204 },
  ),
);

type Met = Pick<FaultWish, 'call' | 'effect'>;

const met: fc.Arbitrary<Met> = fc.oneof(
  { weight: 4, arbitrary: fc.record({ call, effect: anywhere }) },
  {
    weight: 1,
    arbitrary: fc.constantFrom<Met>(
      { call: 'get-message', effect: { do: 'null-statistics' } },
      { call: 'get-message', effect: { do: 'unknown-message' } },
      { call: 'create-session', effect: { do: 'null-statistics' } },
      { call: 'create-session', effect: { do: 'empty-queue-url' } },
      { call: 'refresh-session', effect: { do: 'null-statistics' } },
      { call: 'refresh-session', effect: { do: 'empty-queue-url' } },
    ),
  },
);

const fault: fc.Arbitrary<FaultWish> = fc
  .tuple(met, fc.integer({ min: 1, max: 7 }), fc.nat(2))
  .map(([what, times, after]) => ({ ...what, times, after }));

const step = fc.oneof(
  { weight: 8, arbitrary: fc.nat(2).map((more): Step => ({ do: 'turn', times: more + 1 })) },
  { weight: 6, arbitrary: fault.map((one): Step => ({ do: 'fault', fault: one })) },
  {
    weight: 4,
    arbitrary: fc.constantFrom(1, 1, 2, 2, 3, 55).map((jobs): Step => ({ do: 'queue', jobs })),
  },
  { weight: 8, arbitrary: fc.constantFrom(...ACTS).map((act): Step => ({ do: 'act', act })) },
  // Beyond the life of nothing, of a session, of the admin token, of the queue's token.
  {
    weight: 3,
    arbitrary: fc.constantFrom(1, 80, 1_020, 3_000).map((seconds): Step => ({
      do: 'wait',
      seconds,
    })),
  },
  {
    weight: 2,
    arbitrary: fc
      .tuple(fc.nat(3), fc.constantFrom('before' as const, 'carried out' as const))
      .map(([after, when]): Step => ({ do: 'give up', after, when })),
  },
);

export const sequence = (mode: Sequence['mode']): fc.Arbitrary<Sequence> =>
  fc.record({
    mode: fc.constant(mode),
    steps: fc.array(step, { minLength: 4, maxLength: 20 }),
  });
