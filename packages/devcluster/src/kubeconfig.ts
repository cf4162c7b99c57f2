// The administrator's kubeconfig.
import { stringify } from 'yaml';

const NAME = 'muster-dev';

export const kubeconfig = (at: { server: string; ca: string; token: string }): string =>
  stringify({
    apiVersion: 'v1',
    kind: 'Config',
    clusters: [
      {
        name: NAME,
        cluster: {
          server: at.server,
          'certificate-authority-data': Buffer.from(at.ca).toString('base64'),
        },
      },
    ],
    users: [{ name: NAME, user: { token: at.token } }],
    contexts: [{ name: NAME, context: { cluster: NAME, user: NAME, namespace: 'default' } }],
    'current-context': NAME,
    preferences: {},
  });
