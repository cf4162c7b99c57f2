// A pod that does not come up: what keeps it, since when, and when that is long enough. Decides only.
import type { ContainerStatus, Pod } from '@muster/kube';
import type { Limits } from '../limits.ts';
import { unscheduled } from '../runner-pod.ts';

export interface Stuck {
  reason: 'Unschedulable' | 'ImagePullFailed' | 'ContainerNotStarted';
  message: string;
  /** When it has been so for as long as it may be. */
  until: number;
}

/** As the kubelet calls it when an image does not come. One that is being pulled is none of these. */
const IMAGE_REASONS = [
  'ErrImagePull',
  'ImagePullBackOff',
  'ErrImageNeverPull',
  'InvalidImageName',
  'ImageInspectError',
  'RegistryUnavailable',
  'SignatureValidationFailed',
];

/** Of a pod whose runner container was never started. */
export function stuckOf(pod: Pod, limits: Limits): Stuck {
  const waiting = unscheduled(pod);
  if (waiting) {
    const { since } = waiting;
    const message = 'no node takes its pod';
    return { reason: 'Unschedulable', message, until: since + limits.unschedulable };
  }
  const since = scheduledAt(pod);
  const image = waits(pod).find(({ reason = '' }) => IMAGE_REASONS.includes(reason));
  if (image) {
    const message = image.message ?? `its image cannot be pulled: ${image.reason ?? ''}`;
    return { reason: 'ImagePullFailed', message, until: since + limits.imagePull };
  }
  return { reason: 'ContainerNotStarted', message: toldBy(pod), until: since + limits.start };
}

type Waiting = NonNullable<NonNullable<ContainerStatus['state']>['waiting']>;

const waits = ({ status }: Pod): Waiting[] =>
  [...(status?.initContainerStatuses ?? []), ...(status?.containerStatuses ?? [])].flatMap(
    ({ state }) => state?.waiting ?? [],
  );

/** What the kubelet says when it says more than that it is at work. */
function toldBy(pod: Pod): string {
  const said = waits(pod).find(({ message = '' }) => message !== '');
  if (said === undefined) return 'its container does not start';
  return `its container does not start: ${said.reason ?? ''}: ${said.message ?? ''}`;
}

function scheduledAt({ metadata, status }: Pod): number {
  const scheduled = status?.conditions?.find(({ type }) => type === 'PodScheduled');
  return Date.parse(
    scheduled?.lastTransitionTime ?? status?.startTime ?? metadata.creationTimestamp,
  );
}
