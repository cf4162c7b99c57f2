// AutoscalingListener: made by the controller in its own namespace, one a runner set.
// reference/controllers.md 1.3.
import { z } from 'zod';
import { API_VERSION } from './meta.ts';
import { nameHash } from './hash.ts';
import {
  conditions,
  count,
  githubAccess,
  metricsConfig,
  podTemplate,
  resourceMeta,
  text,
} from './schema.ts';
import type { ApiObject, KindOf } from './meta.ts';
import type { AutoscalingRunnerSet } from './autoscaling-runner-set.ts';

export const autoscalingListenerSpec = z.object({
  ...githubAccess,
  runnerScaleSetId: count("The scale set's id at GitHub."),
  autoscalingRunnerSetNamespace: text('Where its runner set is.'),
  autoscalingRunnerSetName: text('Its runner set.'),
  ephemeralRunnerSetName: text('The set that it scales.'),
  maxRunners: count('Never more runners than this.').optional(),
  minRunners: count('Idle runners that are always kept ready.').optional(),
  image: text("The listener's image."),
  imagePullSecrets: z.array(z.object({ name: z.string().optional() })).optional(),
  metrics: metricsConfig.optional(),
  template: podTemplate("Merged into the listener's pod.").optional(),
  configSecretMetadata: resourceMeta.optional(),
  serviceAccountMetadata: resourceMeta.optional(),
  roleMetadata: resourceMeta.optional(),
  roleBindingMetadata: resourceMeta.optional(),
});

export const autoscalingListenerStatus = z.object({ conditions: conditions.optional() });

export type AutoscalingListenerSpec = z.infer<typeof autoscalingListenerSpec>;
export type AutoscalingListenerStatus = z.infer<typeof autoscalingListenerStatus>;

export interface AutoscalingListener extends ApiObject {
  spec: AutoscalingListenerSpec;
  status?: AutoscalingListenerStatus;
}

export const AutoscalingListenerKind: KindOf<AutoscalingListener> = {
  apiVersion: API_VERSION,
  kind: 'AutoscalingListener',
  plural: 'autoscalinglisteners',
  namespaced: true,
};

/** `<runner set>-<hash of namespace, group and URL>-listener`, as ARC names it. */
export function listenerName({ metadata, spec }: AutoscalingRunnerSet): string {
  const place = [metadata.namespace, spec.runnerGroup ?? '', spec.githubConfigUrl ?? ''].join('@');
  return `${metadata.name}-${nameHash(place)}-listener`;
}
