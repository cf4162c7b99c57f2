// A controller's Deployment as ARC's chart leaves it, by which a scale set's chart finds the controller.

export interface Controller {
  namespace: string;
  name?: string;
  replicas?: number;
  /** Undefined takes one away. */
  labels?: Record<string, string | undefined>;
  /** The only one it watches. */
  watches?: string;
}

/** As ARC's chart 0.14 leaves it (reference/charts.md 1.3, 1.4), without a pod that would run. */
export function arcDeployment({
  namespace,
  name = 'arc-gha-rs-controller',
  replicas = 1,
  labels = {},
  watches,
}: Controller): object {
  const selector = {
    'app.kubernetes.io/name': 'gha-rs-controller',
    'app.kubernetes.io/namespace': namespace,
    'app.kubernetes.io/instance': 'arc',
  };
  const discovery = {
    'actions.github.com/controller-service-account-namespace': namespace,
    'actions.github.com/controller-service-account-name': name,
    ...(watches !== undefined && {
      'actions.github.com/controller-watch-single-namespace': watches,
    }),
  };
  const image = 'ghcr.io/actions/gha-runner-scale-set-controller:0.14.2';
  return {
    apiVersion: 'apps/v1',
    kind: 'Deployment',
    metadata: {
      name,
      namespace,
      labels: {
        'helm.sh/chart': 'gha-rs-controller-0.14.2',
        ...selector,
        'app.kubernetes.io/version': '0.14.2',
        'app.kubernetes.io/part-of': 'gha-rs-controller',
        'app.kubernetes.io/managed-by': 'Helm',
        ...discovery,
        ...labels,
      },
    },
    spec: {
      replicas,
      selector: { matchLabels: selector },
      template: {
        metadata: { labels: { ...selector, 'app.kubernetes.io/part-of': 'gha-rs-controller' } },
        spec: {
          // No node has it.
          nodeSelector: { 'no.such/node': 'true' },
          containers: [{ name: 'manager', image, command: ['/manager'] }],
        },
      },
    },
  };
}
