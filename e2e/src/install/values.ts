// Values as a user of the charts writes them, with the images that the cluster has.
import type { Ground } from './ground.ts';

export interface OperatorValues {
  /** Only this namespace. */
  watches?: string;
}

export function operatorValues({ images }: Ground, { watches }: OperatorValues = {}): object {
  const at = images.muster.lastIndexOf(':');
  return {
    image: { repository: images.muster.slice(0, at), tag: images.muster.slice(at + 1) },
    flags: {
      logLevel: 'info',
      logFormat: 'json',
      healthProbeBindAddress: ':8081',
      ...(watches !== undefined && { watchSingleNamespace: watches }),
    },
  };
}

export interface ScaleSetValues {
  githubConfigUrl: string;
  githubConfigSecret?: string | Record<string, string>;
  [value: string]: unknown;
}

/** The runner's pod, for `template`. */
export const runnerTemplate = ({ images }: Ground): { spec: object } => ({
  spec: {
    containers: [{ name: 'runner', image: images.runner, command: ['/home/runner/run.sh'] }],
  },
});

export const scaleSetValues = (ground: Ground, values: ScaleSetValues): object => ({
  githubConfigSecret: { github_token: 'a-token-of-the-simulator' },
  template: runnerTemplate(ground),
  ...values,
});
