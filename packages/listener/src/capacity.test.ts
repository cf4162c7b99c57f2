import { describe, expect, test } from 'vitest';
import { decideCapacity, FULL } from './capacity.ts';
import type { CapacityFacts, CapacityState, Place } from './capacity.ts';

interface Poll {
  /** Seconds since the first. */
  at: number;
  assigned: number;
  place?: Partial<Place>;
}

const BLOCKED = { blocked: {} };

function advertised(polls: readonly Poll[], maxRunners = 10): number[] {
  let state: CapacityState = FULL;
  return polls.map(({ at, assigned, place }) => {
    const facts: CapacityFacts = {
      now: at * 1000,
      assigned,
      maxRunners,
      place: { running: 0, isFeedbackOff: false, ...place },
    };
    const decided = decideCapacity(state, facts);
    ({ state } = decided);
    return decided.capacity;
  });
}

describe('the advertised capacity', () => {
  test.each<{ name: string; polls: Poll[]; is: number[] }>([
    {
      name: 'is maxRunners while nothing is refused',
      polls: [
        { at: 0, assigned: 0 },
        { at: 50, assigned: 9, place: { running: 9 } },
      ],
      is: [10, 10],
    },
    {
      name: 'is what has a place while pods are refused: the assigned jobs, or the running runners',
      polls: [
        { at: 0, assigned: 3, place: { ...BLOCKED, running: 2 } },
        { at: 1, assigned: 1, place: { ...BLOCKED, running: 2 } },
      ],
      is: [3, 2],
    },
    {
      name: 'lets one job try after a minute, and the next a minute after that one came',
      polls: [
        { at: 0, assigned: 3, place: BLOCKED },
        { at: 59, assigned: 3, place: BLOCKED },
        { at: 60, assigned: 3, place: BLOCKED },
        { at: 61, assigned: 4, place: BLOCKED },
        { at: 120, assigned: 4, place: BLOCKED },
        { at: 121, assigned: 4, place: BLOCKED },
      ],
      is: [3, 3, 4, 4, 4, 5],
    },
    {
      name: 'does not rise further while nobody comes to try',
      polls: [
        { at: 0, assigned: 0, place: BLOCKED },
        { at: 60, assigned: 0, place: BLOCKED },
        { at: 6000, assigned: 0, place: BLOCKED },
      ],
      is: [0, 1, 1],
    },
    {
      name: 'falls with the jobs that end',
      polls: [
        { at: 0, assigned: 5, place: BLOCKED },
        { at: 1, assigned: 2, place: BLOCKED },
      ],
      is: [5, 2],
    },
    {
      name: 'is maxRunners again once nothing was refused for two minutes',
      polls: [
        { at: 0, assigned: 3, place: BLOCKED },
        { at: 10, assigned: 3, place: BLOCKED },
        { at: 129, assigned: 3 },
        { at: 130, assigned: 3 },
      ],
      is: [3, 3, 4, 10],
    },
    {
      name: 'is lowered again when pods are refused again',
      polls: [
        { at: 0, assigned: 3, place: BLOCKED },
        { at: 100, assigned: 3 },
        { at: 110, assigned: 3, place: BLOCKED },
        { at: 229, assigned: 3 },
        { at: 230, assigned: 3 },
      ],
      is: [3, 4, 4, 4, 10],
    },
    {
      name: 'is at most what the set says it can take, probes included',
      polls: [
        { at: 0, assigned: 3, place: { blocked: { capacity: 0 } } },
        { at: 60, assigned: 3, place: { blocked: { capacity: 4 } } },
        { at: 61, assigned: 4, place: { blocked: { capacity: 4 } } },
        { at: 200, assigned: 4, place: { blocked: { capacity: 4 } } },
      ],
      is: [0, 4, 4, 4],
    },
    {
      name: 'is no more than that until nothing was refused for two minutes',
      polls: [
        { at: 0, assigned: 3, place: { blocked: { capacity: 2 } } },
        { at: 60, assigned: 3 },
        { at: 119, assigned: 3 },
        { at: 120, assigned: 3 },
      ],
      is: [2, 2, 2, 10],
    },
    {
      name: 'is never above maxRunners',
      polls: [{ at: 0, assigned: 30, place: BLOCKED }],
      is: [10],
    },
    {
      name: 'is maxRunners whatever is refused, where the user says so',
      polls: [
        { at: 0, assigned: 3, place: BLOCKED },
        { at: 1, assigned: 3, place: { ...BLOCKED, isFeedbackOff: true } },
        { at: 2, assigned: 3 },
      ],
      is: [3, 10, 10],
    },
  ])('$name', ({ polls, is }) => {
    expect(advertised(polls)).toEqual(is);
  });
});
