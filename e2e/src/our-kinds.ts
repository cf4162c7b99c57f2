// Every kind of which we, our charts or our runners make objects in a namespace.
import {
  AutoscalingListenerKind,
  AutoscalingRunnerSetKind,
  EphemeralRunnerKind,
  EphemeralRunnerSetKind,
} from '@muster/api';
import { PodKind, RoleBindingKind, RoleKind, SecretKind, ServiceAccountKind } from '@muster/kube';
import type { Kind } from '@muster/kube';

export const OUR_KINDS: readonly Kind[] = [
  AutoscalingRunnerSetKind,
  AutoscalingListenerKind,
  EphemeralRunnerSetKind,
  EphemeralRunnerKind,
  PodKind,
  SecretKind,
  ServiceAccountKind,
  RoleKind,
  RoleBindingKind,
];
