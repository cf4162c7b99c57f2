import { LABELS } from '@muster/api';
import { describe, expect, test } from 'vitest';
import { urlLabels } from './labels.ts';
import { propagated } from './propagation.ts';

const LONG = 'a'.repeat(64);
const TRIMMED = `${'a'.repeat(58)}-trim`;

describe('the place of a config URL', () => {
  test.each([
    {
      name: '79: an organization and a repository that are too long for a label',
      url: `https://github.com/${LONG}/${LONG}`,
      is: { [LABELS.organization]: TRIMMED, [LABELS.repository]: TRIMMED },
    },
    {
      name: '80: an enterprise that is',
      url: `https://github.com/enterprises/${LONG}`,
      is: { [LABELS.enterprise]: TRIMMED },
    },
    {
      name: 'ends that a label may not have',
      url: 'https://github.com/_my-org-/.my.repo_',
      is: { [LABELS.organization]: 'my-org', [LABELS.repository]: 'my.repo' },
    },
    { name: 'no place at all', url: 'https://github.com', is: {} },
  ])('$name', ({ url, is }) => {
    expect(urlLabels(url)).toEqual(is);
    for (const value of Object.values(urlLabels(url))) expect(value.length).toBeLessThan(64);
  });
});

test('87: of labels exactly those are withheld whose names begin so', () => {
  const labels = { 'a/b': '1', 'a/bc': '2', 'a/c': '3' };
  expect(propagated(labels, ['a/b'])).toEqual({ 'a/c': '3' });
  expect(propagated(labels, [])).toEqual(labels);
});
