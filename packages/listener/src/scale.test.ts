import { describe, expect, test } from 'vitest';
import { decide, forgetWish, INITIAL, settle } from './scale.ts';
import type { Decision, Heard, Limits, Patch, ScaleState } from './scale.ts';

const INF = 2147483647;

interface Row {
  name: string;
  limits: Limits;
  hears: Omit<Heard, 'now'>[];
  wishes: (Patch | undefined)[];
}

const patch = (replicas: number, patchID: number): Patch => ({ replicas, patchID });

function hearAll({ limits, hears }: Pick<Row, 'limits' | 'hears'>): Decision[] {
  let state: ScaleState = INITIAL;
  return hears.map((heard) => {
    const decision = decide(state, { now: 0, ...heard }, limits);
    ({ state } = decision);
    return decision;
  });
}

describe("L4: with ARC's file it wishes as ARC does (reference/protocol.md 7.3)", () => {
  const dirty = { started: ['j'] };
  test.each<Row>([
    {
      name: 'nothing',
      limits: { minRunners: 0, maxRunners: INF },
      hears: [{ assigned: 0 }],
      wishes: [patch(0, 0)],
    },
    {
      name: 'one job, twice',
      limits: { minRunners: 0, maxRunners: INF },
      hears: [{ assigned: 1 }, { assigned: 1 }],
      wishes: [patch(1, 0), patch(1, 1)],
    },
    {
      name: 'a job comes and goes',
      limits: { minRunners: 0, maxRunners: INF },
      hears: [{ assigned: 1 }, { assigned: 0, ...dirty }],
      wishes: [patch(1, 0), patch(0, 1)],
    },
    {
      name: 'the minimum',
      limits: { minRunners: 1, maxRunners: INF },
      hears: [{ assigned: 0 }],
      wishes: [patch(1, 0)],
    },
    {
      name: 'back to the minimum',
      limits: { minRunners: 1, maxRunners: INF },
      hears: [{ assigned: 3 }, { assigned: 0, ...dirty }, { assigned: 0 }],
      wishes: [patch(4, 0), patch(1, 1), patch(1, 0)],
    },
    {
      name: 'above the maximum',
      limits: { minRunners: 0, maxRunners: 5 },
      hears: [{ assigned: 6 }],
      wishes: [patch(5, 0)],
    },
    {
      name: 'up to the maximum',
      limits: { minRunners: 0, maxRunners: 5 },
      hears: [{ assigned: 1 }, { assigned: 6, ...dirty }],
      wishes: [patch(1, 0), patch(5, 1)],
    },
    {
      name: 'back to zero',
      limits: { minRunners: 0, maxRunners: 5 },
      hears: [{ assigned: 3 }, { assigned: 0, ...dirty }, { assigned: 0 }],
      wishes: [patch(3, 0), patch(0, 1), patch(0, 0)],
    },
    {
      name: 'min and max together',
      limits: { minRunners: 1, maxRunners: 3 },
      hears: [{ assigned: 3 }, { assigned: 0, ...dirty }, { assigned: 0 }],
      wishes: [patch(3, 0), patch(1, 1), patch(1, 0)],
    },
    {
      name: 'an empty poll repeats the last count',
      limits: { minRunners: 0, maxRunners: 5 },
      hears: [{ assigned: 2 }, {}],
      wishes: [patch(2, 0), patch(2, 1)],
    },
  ])('$name', ({ limits, hears, wishes }) => {
    expect(hearAll({ limits, hears }).map((decision) => decision.patch)).toEqual(wishes);
  });

  test('after the largest number comes 1, for 0 converges', () => {
    const state = { ...INITIAL, sequence: INF };
    const { patch: wish } = decide(
      state,
      { now: 0, assigned: 1 },
      { minRunners: 0, maxRunners: 9 },
    );
    expect(wish).toEqual(patch(1, 1));
  });
});

describe('with settle_seconds it wishes when something changed (design.md, decision 14)', () => {
  const limits: Limits = { minRunners: 0, maxRunners: 5, settleMs: 3000 };
  test.each<Row>([
    { name: 'the first wish converges', limits, hears: [{ assigned: 0 }], wishes: [patch(0, 0)] },
    {
      name: 'nothing new, no patch',
      limits,
      hears: [{ assigned: 2 }, { assigned: 2 }, {}],
      wishes: [patch(2, 0), undefined, undefined],
    },
    {
      name: 'a started job alone changes nothing',
      limits,
      hears: [{ assigned: 2 }, { assigned: 2, started: ['a'] }],
      wishes: [patch(2, 0), undefined],
    },
    {
      name: 'a completed job frees a slot for the next',
      limits,
      hears: [{ assigned: 5 }, { assigned: 5, completed: ['a'] }],
      wishes: [patch(5, 0), patch(5, 1)],
    },
    {
      name: 'jobs above the maximum still need their slots',
      limits,
      hears: [{ assigned: 9 }, { assigned: 8, completed: ['a'] }],
      wishes: [patch(5, 0), patch(5, 1)],
    },
    {
      name: 'a message without statistics keeps the last count',
      limits,
      hears: [{ assigned: 2 }, { completed: ['a'] }],
      wishes: [patch(2, 0), patch(2, 1)],
    },
  ])('$name', ({ limits: given, hears, wishes }) => {
    const plain = wishes.map((wish) => wish && { ...wish, finishedRunners: [] });
    expect(hearAll({ limits: given, hears }).map((decision) => decision.patch)).toEqual(plain);
  });

  test('names the runners that finished, for as long as they may still be there', () => {
    const hear = (state: ScaleState, now: number, finished: string[]): Decision =>
      decide(state, { now, assigned: 2, completed: ['job'], finished }, limits);
    const first = hear(INITIAL, 0, ['a', '']);
    const second = hear(first.state, 59_999, ['b']);
    const third = hear(second.state, 60_000, []);
    const named = [first, second, third].map(({ patch: wish }) => wish?.finishedRunners);
    expect(named).toEqual([['a'], ['a', 'b'], ['b']]);
  });
});

test('of the runners that finished it names the last 500: the list goes with each patch', () => {
  const finished = Array.from({ length: 600 }, (_, number) => `runner-${number}`);
  const limits: Limits = { minRunners: 0, maxRunners: 5, settleMs: 3000 };
  const { patch: wish } = decide(
    INITIAL,
    { now: 0, assigned: 1, completed: ['j'], finished },
    limits,
  );
  expect(wish?.finishedRunners).toEqual(finished.slice(-500));
});

describe('settle', () => {
  const limits: Limits = { minRunners: 0, maxRunners: 5, settleMs: 3000 };
  const after = (hears: Omit<Heard, 'now'>[]): ScaleState => {
    const last = hearAll({ limits, hears }).at(-1);
    return last?.state ?? INITIAL;
  };

  test('is due that long after each event, whatever the load', () => {
    const hears = [
      { assigned: 4 },
      { assigned: 4 },
      { assigned: 4, started: ['a'] },
      { assigned: 3, completed: ['a'] },
      {},
    ];
    const due = hearAll({ limits, hears }).map(({ settleInMs }) => settleInMs);
    expect(due).toEqual([3000, undefined, 3000, 3000, undefined]);
  });

  test('sends one converging patch', () => {
    const settled = settle(after([{ assigned: 4 }, { assigned: 3, completed: ['a'] }]), limits);
    expect(settled.patch).toMatchObject(patch(3, 0));
    expect(settle(settled.state, limits).patch).toBeUndefined();
  });

  test('sends nothing when the last patch converged already', () => {
    expect(settle(after([{ assigned: 4 }]), limits).patch).toBeUndefined();
  });

  test('distrusts statistics that count fewer jobs than run, until they are asked for', () => {
    const state = after([
      { assigned: 2 },
      { assigned: 2, started: ['a', 'b'] },
      { assigned: 0, started: ['c'] },
    ]);
    expect(settle(state, limits)).toEqual({ state, isDoubtful: true });
    const asked = decide(state, { now: 0, assigned: 1, isCertain: true }, limits);
    expect(asked.settleInMs).toBe(3000);
    expect(settle(asked.state, limits).patch).toMatchObject(patch(1, 0));
  });

  test('goes on numbering where it was', () => {
    const state = after([{ assigned: 4 }, { assigned: 3, completed: ['a'] }]);
    const { state: settled } = settle(state, limits);
    expect(decide(settled, { now: 4000, assigned: 4 }, limits).patch).toMatchObject(patch(4, 2));
  });
});

describe.each([
  ["ARC's rule", {}],
  ['ours', { settleMs: 3000 }],
])('by %s', (_name, rule) => {
  const limits: Limits = { minRunners: 1, maxRunners: 5, ...rule };

  test('nothing is wished before the service has told a count', () => {
    const first = decide(INITIAL, { now: 0 }, limits);
    expect(first).toEqual({ state: INITIAL });
    expect(decide(first.state, { now: 1, assigned: 2 }, limits).patch).toMatchObject(patch(3, 0));
  });

  test('jobs that are ignored get no runners', () => {
    const { patch: wish } = decide(INITIAL, { now: 0, assigned: 3, ignored: 2 }, limits);
    expect(wish).toMatchObject(patch(2, 0));
  });

  test('a forgotten wish is wished again, with the next number', () => {
    const { state } = decide(INITIAL, { now: 0, assigned: 2 }, limits);
    expect(decide(forgetWish(state), { now: 1 }, limits).patch).toMatchObject(patch(3, 1));
  });
});
