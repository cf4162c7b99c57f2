// What a real cluster has and this one lacks: who asks for it is told so by name, not that there is no such thing.
import type { ResourcePath } from './path.ts';
import { notImplemented } from './status.ts';
import type { ApiError } from './status.ts';

/** Built-in resources by their API, as a 1.34 serves them. */
const LACKING: Record<string, readonly string[]> = {
  v1: [
    'componentstatuses',
    'endpoints',
    'persistentvolumeclaims',
    'persistentvolumes',
    'podtemplates',
    'replicationcontrollers',
  ],
  'admissionregistration.k8s.io/v1': [
    'mutatingwebhookconfigurations',
    'validatingadmissionpolicies',
    'validatingadmissionpolicybindings',
    'validatingwebhookconfigurations',
  ],
  'apiregistration.k8s.io/v1': ['apiservices'],
  'apps/v1': ['controllerrevisions', 'daemonsets', 'statefulsets'],
  'autoscaling/v1': ['horizontalpodautoscalers'],
  'autoscaling/v2': ['horizontalpodautoscalers'],
  'batch/v1': ['cronjobs', 'jobs'],
  'certificates.k8s.io/v1': ['certificatesigningrequests'],
  'discovery.k8s.io/v1': ['endpointslices'],
  'events.k8s.io/v1': ['events'],
  'flowcontrol.apiserver.k8s.io/v1': ['flowschemas', 'prioritylevelconfigurations'],
  'networking.k8s.io/v1': ['ingressclasses', 'ingresses', 'ipaddresses', 'servicecidrs'],
  'node.k8s.io/v1': ['runtimeclasses'],
  'resource.k8s.io/v1': [
    'deviceclasses',
    'resourceclaims',
    'resourceclaimtemplates',
    'resourceslices',
  ],
  'storage.k8s.io/v1': [
    'csidrivers',
    'csinodes',
    'csistoragecapacities',
    'storageclasses',
    'volumeattachments',
    'volumeattributesclasses',
  ],
};

/** The refusal for a resource that only a real cluster has. */
export const lacking = ({ apiVersion, group, plural }: ResourcePath): ApiError | undefined =>
  LACKING[apiVersion]?.includes(plural) === true
    ? notImplemented(group === '' ? plural : `${plural}.${group}`)
    : undefined;
