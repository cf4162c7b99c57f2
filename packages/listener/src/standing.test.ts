// Of two troubles, which one is told.
import { expect, test } from 'vitest';
import { standingOf } from './standing.ts';
import type { Sides, State } from './standing.ts';

const WRITING = { state: 'kubernetes-away', reason: 'no route' } as const;
const hearing = (state: Sides['hearing']['state']): Pick<Sides, 'hearing'> => ({
  hearing: { state, reason: 'for a reason' },
});

test.each<[string, Sides, State]>([
  ['listening, when nothing is wrong', hearing('listening'), 'listening'],
  ['a trouble of writing', { ...hearing('listening'), writing: WRITING }, 'kubernetes-away'],
  ['a trouble of hearing', hearing('unreachable'), 'unreachable'],
  ['that of hearing, of both', { ...hearing('unreachable'), writing: WRITING }, 'unreachable'],
  ['starting, until GitHub was heard', { ...hearing('starting'), writing: WRITING }, 'starting'],
])('it tells %s', (_name, sides, state) => {
  expect(standingOf(sides).state).toBe(state);
});
