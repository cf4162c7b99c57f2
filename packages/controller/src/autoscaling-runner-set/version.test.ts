import { LABELS } from '@muster/api';
import { aRunnerSet } from '@muster/api/testing';
import { expect, test } from 'vitest';
import { isKnownVersion } from './version.ts';

// ARC deletes what it refuses; here the answer is a condition and no more (design.md, decision 2).
test.each<{ name: string; version: string | undefined; own?: string; is: boolean }>([
  {
    name: '88: a development build of ours knows what ARC made',
    version: '0.14.2',
    own: 'dev',
    is: true,
  },
  { name: '89: what is no version is not known', version: 'yesterday', is: false },
  { name: '90: nor by a build that is none', version: '9.0.0', own: 'NA', is: false },
  { name: '91: another major is not known', version: '2.1.0', is: false },
  { name: '92: another minor of ours is not known', version: '1.3.0', is: false },
  { name: '93: another patch is', version: '1.2.9', is: true },
  { name: '94: the same is', version: '1.2.3', is: true },
  { name: 'the oldest of ARC that has the patch contract', version: '0.9.0', is: true },
  { name: 'an older one of ARC', version: '0.8.3', is: false },
  { name: 'a canary', version: 'canary-abc', is: true },
  { name: 'one that says nothing', version: undefined, is: true },
])('$name', ({ version, own = '1.2.3', is }) => {
  const labels = version === undefined ? {} : { [LABELS.version]: version };
  expect(isKnownVersion(aRunnerSet({ metadata: { labels } }), own)).toBe(is);
});
