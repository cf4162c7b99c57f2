import { expect, test } from 'vitest';
import { labelTest } from './selector.ts';

const labels = { app: 'runner', tier: 'ci', empty: '' };

test.each([
  ['', true],
  ['app', true],
  ['!app', false],
  ['!other', true],
  ['app=runner', true],
  ['app==runner,tier=cd', false],
  ['app!=runner', false],
  ['other!=runner', true],
  ['empty=', true],
  ['tier in (ci, cd),app', true],
  ['tier notin (ci,cd)', false],
  ['other notin (ci,cd)', true],
  ['other in (ci)', false],
])('the selector "%s" matches: %s', (selector, matches) => {
  expect(labelTest(selector)(labels)).toBe(matches);
});
