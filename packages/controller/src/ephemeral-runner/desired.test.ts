import { aRunner } from '@muster/api/testing';
import { expect, test } from 'vitest';
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

test('the pod is the template with the environment of the runner after the user’s own (75, 77)', () => {
  expect(runnerPodOf(runner, settings)).toMatchInlineSnapshot(`
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

test('a proxy Secret without a proxy adds nothing (BUG-20)', () => {
  const spec = { ...runner.spec };
  delete spec.proxy;
  const [container] = runnerPodOf({ ...runner, spec }, settings).spec.containers;
  expect(container?.env?.map(({ name }) => name)).toEqual([
    'MINE',
    'ACTIONS_RUNNER_INPUT_JITCONFIG',
    'GITHUB_ACTIONS_RUNNER_EXTRA_USER_AGENT',
    'ACTIONS_RUNNER_RETURN_VERSION_DEPRECATED_EXIT_CODE',
  ]);
});

test('the Secret holds all four keys (53)', () => {
  const registration = { runnerId: 7, runnerName: 'a', scaleSetId: 1, jitConfig: 'jit' };
  expect(jitSecret(runner, registration, settings).data).toEqual({
    jitToken: 'aml0',
    runnerName: 'YQ==',
    runnerId: 'Nw==',
    scaleSetId: 'MQ==',
  });
});
