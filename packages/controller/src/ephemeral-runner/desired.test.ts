import { aRunner } from '@muster/api/testing';
import { describe, expect, test } from 'vitest';
import { jitSecret, runnerPodOf } from './desired.ts';

const settings = { version: '1.2.3', excludedLabelPrefixes: ['example.com/'] };
const runner = aRunner('a', {
  metadata: { labels: { team: 'x', 'example.com/no': '1' }, annotations: { by: 'runner' } },
  spec: {
    proxySecretRef: 'linux-proxy',
    proxy: { https: { url: 'http://proxy' }, noProxy: ['localhost'] },
    metadata: { labels: { team: 'pod' }, annotations: { of: 'template' } },
    spec: {
      restartPolicy: 'Never',
      containers: [
        { name: 'runner', image: 'r:1', env: [{ name: 'MINE', value: '1' }] },
        { name: 'dind', image: 'd:1' },
      ],
    },
  },
});

test('75, 77, 81: the pod is the template with the environment of the runner after the user’s own', () => {
  expect(runnerPodOf(runner, settings, { isForJob: false })).toMatchInlineSnapshot(`
    {
      "apiVersion": "v1",
      "kind": "Pod",
      "metadata": {
        "annotations": {
          "by": "runner",
          "of": "template",
        },
        "labels": {
          "actions-ephemeral-runner": "True",
          "pod-template-hash": "33c30593beb23602",
          "team": "pod",
        },
        "name": "a",
        "namespace": "runners",
        "ownerReferences": [
          {
            "apiVersion": "actions.github.com/v1alpha1",
            "blockOwnerDeletion": true,
            "controller": true,
            "kind": "EphemeralRunner",
            "name": "a",
            "uid": "uid-of-a",
          },
        ],
      },
      "spec": {
        "containers": [
          {
            "env": [
              {
                "name": "MINE",
                "value": "1",
              },
              {
                "name": "ACTIONS_RUNNER_INPUT_JITCONFIG",
                "valueFrom": {
                  "secretKeyRef": {
                    "key": "jitToken",
                    "name": "a",
                  },
                },
              },
              {
                "name": "GITHUB_ACTIONS_RUNNER_EXTRA_USER_AGENT",
                "value": "actions-runner-controller/1.2.3",
              },
              {
                "name": "ACTIONS_RUNNER_RETURN_VERSION_DEPRECATED_EXIT_CODE",
                "value": "1",
              },
              {
                "name": "https_proxy",
                "valueFrom": {
                  "secretKeyRef": {
                    "key": "https_proxy",
                    "name": "linux-proxy",
                  },
                },
              },
              {
                "name": "no_proxy",
                "valueFrom": {
                  "secretKeyRef": {
                    "key": "no_proxy",
                    "name": "linux-proxy",
                  },
                },
              },
            ],
            "image": "r:1",
            "name": "runner",
          },
          {
            "image": "d:1",
            "name": "dind",
          },
        ],
        "restartPolicy": "Never",
      },
    }
  `);
});

test('BUG-20: a proxy Secret without a proxy adds nothing', () => {
  const spec = { ...runner.spec };
  delete spec.proxy;
  const [container] = runnerPodOf({ ...runner, spec }, settings, { isForJob: false }).spec
    .containers;
  expect(container?.env?.map(({ name }) => name)).toEqual([
    'MINE',
    'ACTIONS_RUNNER_INPUT_JITCONFIG',
    'GITHUB_ACTIONS_RUNNER_EXTRA_USER_AGENT',
    'ACTIONS_RUNNER_RETURN_VERSION_DEPRECATED_EXIT_CODE',
  ]);
});

test('53: the Secret holds all four keys', () => {
  const registration = { runnerId: 7, runnerName: 'a', scaleSetId: 1, jitConfig: 'jit' };
  expect(jitSecret(runner, registration, settings).data).toEqual({
    jitToken: 'aml0',
    runnerName: 'YQ==',
    runnerId: 'Nw==',
    scaleSetId: 'MQ==',
  });
});

describe('a pod that is made for a job', () => {
  const metadataOf = (of: typeof runner) => runnerPodOf(of, settings, { isForJob: true }).metadata;

  test('is left alone by autoscalers of nodes from its creation, and can be told apart', () => {
    expect(metadataOf(runner)).toMatchObject({
      labels: { 'actions.github.com/busy': 'true' },
      annotations: {
        'cluster-autoscaler.kubernetes.io/safe-to-evict': 'false',
        'karpenter.sh/do-not-disrupt': 'true',
        of: 'template',
      },
    });
  });

  test('keeps what its template says to them', () => {
    const annotations = { 'karpenter.sh/do-not-disrupt': 'false' };
    const of = { ...runner, spec: { ...runner.spec, metadata: { annotations } } };
    expect(metadataOf(of).annotations).toMatchObject(annotations);
  });
});
