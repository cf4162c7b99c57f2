// What makes a pod invalid: the mistakes that people make in templates.
import { isEqual, isObject, objectAt, objectsAt, stringAt } from '../json.ts';
import type { JsonObject } from '../json.ts';
import type { KubeObject } from '../object.ts';
import {
  duplicate,
  forbiddenField,
  invalidValue,
  notFoundField,
  required,
  unsupportedValue,
} from '../status.ts';
import type { Cause } from '../status.ts';

const NAME = /^[a-z0-9]([-a-z0-9]*[a-z0-9])?$/;
const NOT_NAME =
  "a lowercase RFC 1123 label must consist of lower case alphanumeric characters or '-', and must start and end with an alphanumeric character (e.g. 'my-name',  or '123-abc', regex used for validation is '[a-z0-9]([-a-z0-9]*[a-z0-9])?')";

export function validatePod(pod: KubeObject, before: KubeObject | undefined): Cause[] {
  const spec = objectAt(pod, 'spec');
  if (spec === undefined) return [required('spec.containers')];
  if (before) return changeCauses(spec, objectAt(before, 'spec') ?? {});
  const containers = objectsAt(spec, 'containers');
  const volumes = objectsAt(spec, 'volumes');
  return [
    ...volumeCauses(volumes),
    ...(containers.length === 0 ? [required('spec.containers')] : []),
    ...containerCauses(spec, volumes),
    ...oneOf('spec.restartPolicy', spec['restartPolicy'], ['Always', 'OnFailure', 'Never']),
    ...oneOf('spec.dnsPolicy', spec['dnsPolicy'], [
      'ClusterFirst',
      'ClusterFirstWithHostNet',
      'Default',
      'None',
    ]),
    ...graceCauses(spec),
  ];
}

const oneOf = (field: string, value: unknown, supported: string[]): Cause[] =>
  supported.includes(String(value)) ? [] : [unsupportedValue(field, value, supported)];

function graceCauses({ terminationGracePeriodSeconds: seconds }: JsonObject): Cause[] {
  const field = 'spec.terminationGracePeriodSeconds';
  const fits = typeof seconds === 'number' && seconds >= 0;
  return fits ? [] : [invalidValue(field, seconds, 'must be greater than or equal to 0')];
}

function nameCauses(field: string, name: string): Cause[] {
  if (name === '') return [required(field)];
  return [
    ...(NAME.test(name) ? [] : [invalidValue(field, name, NOT_NAME)]),
    ...(name.length > 63 ? [invalidValue(field, name, 'must be no more than 63 bytes')] : []),
  ];
}

function volumeCauses(volumes: JsonObject[]): Cause[] {
  const seen = new Set<string>();
  return volumes.flatMap((volume, index) => {
    const field = `spec.volumes[${index}]`;
    const name = stringAt(volume, 'name') ?? '';
    const causes = nameCauses(`${field}.name`, name);
    if (seen.has(name)) causes.push(duplicate(`${field}.name`, name));
    seen.add(name);
    const sources = Object.keys(volume).filter((key) => isObject(volume[key]));
    for (const extra of sources.slice(1)) {
      causes.push(forbiddenField(`${field}.${extra}`, 'may not specify more than 1 volume type'));
    }
    return [...causes, ...sourceCauses(field, volume)];
  });
}

function sourceCauses(field: string, volume: JsonObject): Cause[] {
  const secret = objectAt(volume, 'secret');
  const configMap = objectAt(volume, 'configMap');
  return [
    ...(secret && !stringAt(secret, 'secretName') ? [required(`${field}.secret.secretName`)] : []),
    ...(configMap && !stringAt(configMap, 'name') ? [required(`${field}.configMap.name`)] : []),
  ];
}

function containerCauses(spec: JsonObject, volumes: JsonObject[]): Cause[] {
  const names = new Set<string>();
  const known = new Set(volumes.map((volume) => stringAt(volume, 'name') ?? ''));
  return ['initContainers', 'containers'].flatMap((list) =>
    objectsAt(spec, list).flatMap((container, index) => {
      const field = `spec.${list}[${index}]`;
      const name = stringAt(container, 'name') ?? '';
      const twice = names.has(name) ? [duplicate(`${field}.name`, name)] : [];
      names.add(name);
      return [
        ...nameCauses(`${field}.name`, name),
        ...twice,
        ...(stringAt(container, 'image') ? [] : [required(`${field}.image`)]),
        ...oneOf(`${field}.imagePullPolicy`, container['imagePullPolicy'], [
          'Always',
          'IfNotPresent',
          'Never',
        ]),
        ...environmentCauses(field, container),
        ...mountCauses(field, container, known),
        ...resourceCauses(field, container),
      ];
    }),
  );
}

function environmentCauses(field: string, container: JsonObject): Cause[] {
  return objectsAt(container, 'env').flatMap((variable, index) => {
    const at = `${field}.env[${index}]`;
    const name = stringAt(variable, 'name') ?? '';
    const both = stringAt(variable, 'value') && isObject(variable['valueFrom']);
    return [
      ...(name === '' ? [required(`${at}.name`)] : []),
      ...(both
        ? [invalidValue(`${at}.valueFrom`, '', 'may not be specified when `value` is not empty')]
        : []),
    ];
  });
}

function mountCauses(field: string, container: JsonObject, volumes: Set<string>): Cause[] {
  const paths = new Set<string>();
  return objectsAt(container, 'volumeMounts').flatMap((mount, index) => {
    const at = `${field}.volumeMounts[${index}]`;
    const name = stringAt(mount, 'name') ?? '';
    const path = stringAt(mount, 'mountPath') ?? '';
    const causes = [
      ...(name === '' ? [required(`${at}.name`)] : []),
      ...(name === '' || volumes.has(name) ? [] : [notFoundField(`${at}.name`, name)]),
      ...(path === '' ? [required(`${at}.mountPath`)] : []),
      ...(paths.has(path) ? [invalidValue(`${at}.mountPath`, path, 'must be unique')] : []),
    ];
    paths.add(path);
    return causes;
  });
}

const QUANTITY = /^[+-]?(\d+|\d+\.\d*|\.\d+)([numkMGTPE]|[KMGTPE]i|[eE][+-]?\d+)?$/;
const NOT_QUANTITY =
  "quantities must match the regular expression '^([+-]?[0-9.]+)([eEinumkKMGTP]*[-+]?[0-9]*)$'";

function resourceCauses(field: string, container: JsonObject): Cause[] {
  return ['limits', 'requests'].flatMap((list) =>
    Object.entries(objectAt(objectAt(container, 'resources'), list) ?? {}).flatMap(
      ([name, amount]) =>
        QUANTITY.test(String(amount))
          ? []
          : [invalidValue(`${field}.resources.${list}[${name}]`, amount, NOT_QUANTITY)],
    ),
  );
}

/** Of a pod's spec only images, the deadline, and additions to tolerations may change. */
const MUTABLE = [
  'activeDeadlineSeconds',
  'tolerations',
  'schedulingGates',
  'terminationGracePeriodSeconds',
];

const FROZEN =
  'pod updates may not change fields other than `spec.containers[*].image`,`spec.initContainers[*].image`,`spec.activeDeadlineSeconds`,`spec.tolerations` (only additions to existing tolerations),`spec.terminationGracePeriodSeconds` (allow it to be set to 1 if it was previously negative)';

function changeCauses(spec: JsonObject, before: JsonObject): Cause[] {
  const images = (list: unknown): unknown =>
    Array.isArray(list)
      ? list.map((item: unknown) => (isObject(item) ? { ...item, image: '' } : item))
      : list;
  const frozen = (value: JsonObject): JsonObject => ({
    ...Object.fromEntries(Object.entries(value).filter(([key]) => !MUTABLE.includes(key))),
    containers: images(value['containers']),
    initContainers: images(value['initContainers']),
  });
  return isEqual(frozen(spec), frozen(before)) ? [] : [forbiddenField('spec', FROZEN)];
}
