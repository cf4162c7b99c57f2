import { ANNOTATIONS, LABELS } from '@muster/api';
import { parseConfig } from '../config.ts';
import { describe, expect, test } from 'vitest';
import { desiredListener, desiredSet } from './desired.ts';
import { config, held } from './testing.ts';

const wish = (given: Parameters<typeof held>[0] = {}) => {
  const runnerSet = held(given);
  return {
    runnerSet,
    scaleSetId: 7,
    name: 'linux',
    setName: 'linux',
    template: runnerSet.spec.template,
  };
};

const excluding = parseConfig({
  args: [
    '--exclude-label-propagation-prefix=example.com/',
    '--exclude-label-propagation-prefix=directly.excluded.org/label',
  ],
  env: {
    CONTROLLER_MANAGER_POD_NAMESPACE: 'muster-system',
    CONTROLLER_MANAGER_CONTAINER_IMAGE: 'm:1',
  },
});

describe('what a runner set says of the way to GitHub reaches both', () => {
  const proxy = {
    http: { url: 'http://proxy:1', credentialSecretRef: 'proxy' },
    noProxy: ['example.com'],
  };
  const githubServerTLS = { certificateFrom: { configMapKeyRef: { name: 'ca', key: 'ca.crt' } } };
  const vaultConfig = { type: 'azure_key_vault' };
  const spec = { proxy, githubServerTLS, vaultConfig };

  test('17, 20: the runners of its set', () => {
    expect(desiredSet(wish({ spec }), config).spec.ephemeralRunnerSpec).toMatchObject(spec);
  });

  test('19: its listener', () => {
    expect(desiredListener(wish({ spec }), config).spec).toMatchObject(spec);
  });
});

describe('77: labels and annotations', () => {
  const labels = {
    arbitrary: 'label',
    'example.com/excluded': 'x',
    'directly.excluded.org/label': 'x',
    'directly.excluded.org/arbitrary': 'kept',
  };
  const meta = {
    labels: { extra: 'yes', 'example.com/extra': 'x', [LABELS.component]: 'mine' },
    annotations: { note: 'yes', [ANNOTATIONS.runnerGroup]: 'mine' },
  };
  const given = {
    metadata: { labels },
    spec: { ephemeralRunnerSetMetadata: meta, autoscalingListener: meta },
  };
  const common = {
    arbitrary: 'label',
    'directly.excluded.org/arbitrary': 'kept',
    extra: 'yes',
    [LABELS.organization]: 'my-org',
    [LABELS.partOf]: 'gha-runner-scale-set',
    [LABELS.scaleSetName]: 'linux',
    [LABELS.scaleSetNamespace]: 'runners',
  };

  test.each([
    {
      name: 'of its set',
      object: desiredSet(wish(given), excluding),
      component: 'runner-set',
    },
    {
      name: 'of its listener',
      object: desiredListener(wish(given), excluding),
      component: 'runner-scale-set-listener',
    },
  ])(
    '77: $name: those of the runner set and those asked for, but for excluded ones',
    ({ object, component }) => {
      expect(object.metadata.labels).toEqual({ ...common, [LABELS.component]: component });
      expect(object.metadata.annotations).toMatchObject({
        note: 'yes',
        [ANNOTATIONS.runnerGroup]: 'Default',
        [ANNOTATIONS.scaleSetName]: 'linux',
      });
    },
  );
});

test('81: its set is owned by it alone', () => {
  expect(desiredSet(wish(), config).metadata.ownerReferences).toEqual([
    {
      apiVersion: 'actions.github.com/v1alpha1',
      kind: 'AutoscalingRunnerSet',
      name: 'linux',
      uid: 'uid-of-linux',
      controller: true,
      blockOwnerDeletion: true,
    },
  ]);
});

test('its listener is owned by nobody, for it is in another namespace', () => {
  expect(desiredListener(wish(), config).metadata.ownerReferences).toBeUndefined();
});
