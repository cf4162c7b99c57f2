// What a release may leave behind in a namespace: everything that we, our charts or our runners make there.
import {
  AutoscalingListenerKind,
  AutoscalingRunnerSetKind,
  EphemeralRunnerKind,
  EphemeralRunnerSetKind,
} from '@muster/api';
import { PodKind, RoleBindingKind, RoleKind, SecretKind, ServiceAccountKind } from '@muster/kube';
import type { Kind } from '@muster/kube';
import type { Stage } from './stage.ts';

const KINDS: readonly Kind[] = [
  AutoscalingListenerKind,
  AutoscalingRunnerSetKind,
  EphemeralRunnerKind,
  EphemeralRunnerSetKind,
  PodKind,
  RoleBindingKind,
  RoleKind,
  SecretKind,
  ServiceAccountKind,
];

/** `Kind name` each, without the ServiceAccount that every namespace has. */
export async function leftovers(stage: Stage, ...namespaces: string[]): Promise<string[]> {
  const found = await Promise.all(
    namespaces.flatMap((namespace) =>
      KINDS.map(async (kind) =>
        (await stage.names(kind, namespace)).map((name) => `${namespace} ${kind.kind} ${name}`),
      ),
    ),
  );
  return found.flat().filter((one) => !one.endsWith(' ServiceAccount default'));
}
