import { expect, test } from 'vitest';
import { workflowOf } from './workflow-ref.ts';

// reference/protocol.md 9.2
test.each([
  ['o/r/.github/workflows/blank.yml@refs/heads/main', 'blank', 'heads/main'],
  [
    'o/r/.github/workflows/ci-cd.yml@refs/heads/feature/new-feature',
    'ci-cd',
    'heads/feature/new-feature',
  ],
  ['o/r/.github/workflows/deploy.yaml@refs/heads/develop', 'deploy', 'heads/develop'],
  ['o/r/.github/workflows/release.yml@refs/tags/v1.0.0', 'release', 'tags/v1.0.0'],
  ['o/r/.github/workflows/test.yml@refs/pull/123/merge', 'test', 'pull/123'],
  ['o/r/.github/workflows/build.test.yml@refs/heads/main', 'build.test', 'heads/main'],
  ['o/r/.github/workflows/blank.yml', '', ''],
  ['', '', ''],
])('L8: %s is the workflow %j at %j', (ref, name, target) => {
  expect(workflowOf(ref)).toEqual({ name, target });
});
