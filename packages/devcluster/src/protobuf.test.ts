// What kubectl 1.34 sends for its own commands, recorded, and what it means.
import { expect, test } from 'vitest';
import { decode } from './protobuf.ts';

test.each([
  {
    command: 'create deployment d --image=sh --replicas=2 --port=80 -- sleep 300',
    body: 'azhzAAoVCgdhcHBzL3YxEgpEZXBsb3ltZW50Er0BCiIKAWQSABoHZGVmYXVsdCIAKgAyADgAQgBaCAoDYXBwEgFkEogBCAISCgoICgNhcHASAWQacAoaCgASABoAIgAqADIAOABCAFoICgNhcHASAWQSUhI0CgJzaBICc2gaBXNsZWVwGgMzMDAqADIKCgAQABhQIgAqAEIAagByAIABAIgBAJABAKIBABoAMgBCAEoAUgBYAGAAaACCAQCKAQCaAQDCAQAiAgoAKAA4ABoMCAAQABgAIAAoADgAGgAiAA==',
    means: {
      apiVersion: 'apps/v1',
      kind: 'Deployment',
      metadata: { name: 'd', namespace: 'default', labels: { app: 'd' } },
      spec: {
        replicas: 2,
        selector: { matchLabels: { app: 'd' } },
        template: {
          metadata: { labels: { app: 'd' } },
          spec: {
            containers: [
              {
                name: 'sh',
                image: 'sh',
                command: ['sleep', '300'],
                ports: [{ containerPort: 80 }],
              },
            ],
          },
        },
      },
    },
  },
  {
    command: 'create service clusterip s --tcp=80:web',
    body: 'azhzAAoNCgJ2MRIHU2VydmljZRJrCiIKAXMSABoHZGVmYXVsdCIAKgAyADgAQgBaCAoDYXBwEgFzEkEKHAoGODAtd2ViEgNUQ1AYUCIJCAEQABoDd2ViKAASCAoDYXBwEgFzGgAiCUNsdXN0ZXJJUDoAQgBSAFoAYABoABoCCgAaACIA',
    means: {
      apiVersion: 'v1',
      kind: 'Service',
      metadata: { name: 's', namespace: 'default', labels: { app: 's' } },
      spec: {
        ports: [{ name: '80-web', protocol: 'TCP', port: 80, targetPort: 'web' }],
        selector: { app: 's' },
        type: 'ClusterIP',
      },
    },
  },
  {
    command: 'create pdb p --selector=a=b --min-available=50%',
    body: 'azhzAAogCglwb2xpY3kvdjESE1BvZERpc3J1cHRpb25CdWRnZXQSPQoYCgFwEgAaB2RlZmF1bHQiACoAMgA4AEIAEhUKCQgBEAAaAzUwJRIICgYKAWESAWIaCggAGAAgACgAMAAaACIA',
    means: {
      apiVersion: 'policy/v1',
      kind: 'PodDisruptionBudget',
      metadata: { name: 'p', namespace: 'default' },
      spec: { minAvailable: '50%', selector: { matchLabels: { a: 'b' } } },
    },
  },
  {
    command: 'create priorityclass pc --value=5 --description=x',
    body: 'azhzAAolChRzY2hlZHVsaW5nLms4cy5pby92MRINUHJpb3JpdHlDbGFzcxIxChIKAnBjEgAaACIAKgAyADgAQgAQBRgAIgF4KhRQcmVlbXB0TG93ZXJQcmlvcml0eRoAIgA=',
    means: {
      apiVersion: 'scheduling.k8s.io/v1',
      kind: 'PriorityClass',
      metadata: { name: 'pc' },
      value: 5,
      globalDefault: false,
      description: 'x',
      preemptionPolicy: 'PreemptLowerPriority',
    },
  },
  {
    command: 'create secret generic s --from-literal=a=b',
    body: 'azhzAAoMCgJ2MRIGU2VjcmV0EiQKGAoBcxIAGgdkZWZhdWx0IgAqADIAOABCABIGCgFhEgFiGgAaACIA',
    means: {
      apiVersion: 'v1',
      kind: 'Secret',
      metadata: { name: 's', namespace: 'default' },
      data: { a: 'Yg==' },
    },
  },
])('kubectl $command', ({ body, means }) => {
  expect(decode(Buffer.from(body, 'base64'))).toEqual(means);
});

test('another kind is not understood', () => {
  const body = Buffer.concat([Buffer.from('k8s\0'), Buffer.from('0a0712055468696e67', 'hex')]);
  expect(decode(body)).toBeUndefined();
});
