import { describe, expect, test } from 'vitest';
import {
  doubted,
  freshened,
  isFreshSessionDue,
  isLookDue,
  looked,
  NO_DOUBT,
  weigh,
} from './doubt.ts';
import type { DoubtState, News } from './doubt.ts';

const MINUTE = 60_000;

const told = (assigned: number, running: number, idle: number): Required<News>['statistics'] => ({
  totalAssignedJobs: assigned,
  totalRunningJobs: running,
  totalIdleRunners: idle,
});

const after = (...news: News[]): DoubtState => news.reduce(weigh, NO_DOUBT);

describe('jobs are held to be phantoms', () => {
  test.each<{ name: string; news: News[]; phantoms: number }>([
    {
      name: 'when runners enough are idle for five minutes and none starts',
      news: [
        { now: 0, statistics: told(3, 1, 2) },
        { now: 5 * MINUTE, statistics: told(3, 1, 2) },
      ],
      phantoms: 2,
    },
    {
      name: 'not before',
      news: [
        { now: 0, statistics: told(3, 1, 2) },
        { now: 5 * MINUTE - 1, statistics: told(3, 1, 2) },
      ],
      phantoms: 0,
    },
    {
      name: 'not while fewer runners are idle than jobs wait: they may just be slow to come',
      news: [
        { now: 0, statistics: told(3, 0, 2) },
        { now: 60 * MINUTE, statistics: told(3, 0, 2) },
      ],
      phantoms: 0,
    },
    {
      name: 'not when a job started meanwhile',
      news: [
        { now: 0, statistics: told(3, 1, 2) },
        { now: 4 * MINUTE, statistics: told(3, 2, 2), started: 1 },
        { now: 6 * MINUTE, statistics: told(3, 2, 2) },
      ],
      phantoms: 0,
    },
    {
      name: 'not when a job started in a message without statistics',
      news: [
        { now: 0, statistics: told(3, 1, 2) },
        { now: 4 * MINUTE, started: 1 },
        { now: 6 * MINUTE, statistics: told(3, 2, 2) },
      ],
      phantoms: 0,
    },
    {
      name: 'no more once the count is right again',
      news: [
        { now: 0, statistics: told(1, 0, 1) },
        { now: 9 * MINUTE, statistics: told(1, 0, 1) },
        { now: 10 * MINUTE, statistics: told(0, 0, 1) },
      ],
      phantoms: 0,
    },
  ])('$name', ({ news, phantoms }) => {
    expect(after(...news).phantoms).toBe(phantoms);
  });

  test('until a new session counts anew, which is tried once an hour', () => {
    const odd = after(
      { now: 0, statistics: told(1, 0, 1) },
      { now: 5 * MINUTE, statistics: told(1, 0, 1) },
    );
    expect(isFreshSessionDue(odd, 5 * MINUTE)).toBe(true);
    const fresh = freshened(odd, 5 * MINUTE);
    expect(fresh.phantoms).toBe(0);
    const [again, still] = [
      { now: 6 * MINUTE, statistics: told(1, 0, 1) },
      { now: 11 * MINUTE, statistics: told(1, 0, 1) },
    ].map((_news, at, all) => all.slice(0, at + 1).reduce(weigh, fresh));
    expect([again?.phantoms, still?.phantoms]).toEqual([0, 1]);
    const due = [11, 64, 65].map((minute) => isFreshSessionDue(still ?? odd, minute * MINUTE));
    expect(due).toEqual([false, false, true]);
  });
});

describe('statistics are asked for', () => {
  test.each<{ name: string; state: DoubtState; now: number; due: boolean }>([
    { name: 'when none were ever told', state: NO_DOUBT, now: 0, due: true },
    {
      name: 'not at once again',
      state: looked(NO_DOUBT, 0),
      now: 4_999,
      due: false,
    },
    { name: 'but soon', state: looked(NO_DOUBT, 0), now: 5_000, due: true },
    {
      name: 'not while nothing waits',
      state: after({ now: 0, statistics: told(2, 2, 0) }),
      now: 60 * MINUTE,
      due: false,
    },
    {
      name: 'when jobs wait and nothing was told for two minutes',
      state: after({ now: 0, statistics: told(2, 1, 0) }),
      now: 2 * MINUTE,
      due: true,
    },
    {
      name: 'when all of them are zero beside an assigned job',
      state: after({ now: 0, statistics: told(0, 0, 0), assigned: 1 }),
      now: 0,
      due: true,
    },
    {
      name: 'not when the job beside zeros is over',
      state: after({ now: 0, statistics: told(0, 0, 0), assigned: 1, completed: 1 }),
      now: 0,
      due: false,
    },
    {
      name: 'when a message of jobs had none',
      state: after({ now: 0, statistics: told(0, 0, 0) }, { now: 1, assigned: 1 }),
      now: 1,
      due: true,
    },
    {
      name: 'not when a poll ended empty',
      state: after({ now: 0, statistics: told(0, 0, 0) }, { now: 1 }),
      now: 60 * MINUTE,
      due: false,
    },
    {
      name: 'when they count fewer jobs than run',
      state: doubted(after({ now: 0, statistics: told(1, 1, 0) })),
      now: 0,
      due: true,
    },
    {
      name: 'not once they were told anew',
      state: weigh(doubted(NO_DOUBT), { now: 1, statistics: told(1, 1, 0) }),
      now: 10_000,
      due: false,
    },
  ])('$name', ({ state, now, due }) => {
    expect(isLookDue(state, now)).toBe(due);
  });
});
