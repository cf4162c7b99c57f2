// The scale subresource: how many replicas an object wants and has, whatever its kind calls them.
import { isObject, objectAt } from './json.ts';
import type { JsonObject } from './json.ts';
import type { KubeObject } from './object.ts';
import type { Resource, ScalePaths } from './resource.ts';
import { noSuchPath } from './status.ts';

const stepsOf = (path: string): string[] => path.split('.').filter((step) => step !== '');

const valueAt = (object: JsonObject, path: string): unknown =>
  stepsOf(path).reduce<unknown>((at, step) => (isObject(at) ? at[step] : undefined), object);

const numberAt = (object: JsonObject, path: string): number => Number(valueAt(object, path) ?? 0);

function pathsOf({ scale }: Resource): ScalePaths {
  if (scale === undefined) throw noSuchPath();
  return scale;
}

export function scaleOf(resource: Resource, object: KubeObject): KubeObject {
  const paths = pathsOf(resource);
  const { name, namespace, uid, resourceVersion, creationTimestamp } = object.metadata;
  const selector =
    paths.selector === undefined ? '' : selectorText(valueAt(object, paths.selector));
  return {
    kind: 'Scale',
    apiVersion: 'autoscaling/v1',
    metadata: {
      name,
      ...(namespace === undefined ? {} : { namespace }),
      uid,
      resourceVersion,
      creationTimestamp,
    },
    spec: { replicas: numberAt(object, paths.replicas) },
    status: {
      replicas: numberAt(object, paths.current),
      ...(selector === '' ? {} : { selector }),
    },
  };
}

/** A selector is a text, or an object of labels. */
function selectorText(selector: unknown): string {
  if (!isObject(selector)) return typeof selector === 'string' ? selector : '';
  const labels = Object.entries(objectAt(selector, 'matchLabels') ?? {});
  return labels.map(([key, value]) => `${key}=${String(value)}`).join(',');
}

/** The object with the replicas, and at the version, of a scale of it. */
export function scaledTo(resource: Resource, object: KubeObject, scale: unknown): JsonObject {
  const given = isObject(scale) ? scale : {};
  const wanted = numberAt(given, '.spec.replicas');
  const resourceVersion = objectAt(given, 'metadata')?.['resourceVersion'] ?? '';
  const steps = stepsOf(pathsOf(resource).replicas);
  const put = (at: unknown, [step = '', ...rest]: string[]): JsonObject => ({
    ...(isObject(at) ? at : {}),
    [step]: rest.length === 0 ? wanted : put(isObject(at) ? at[step] : undefined, rest),
  });
  const version = resourceVersion === '' ? object.metadata.resourceVersion : resourceVersion;
  return { ...put(object, steps), metadata: { ...object.metadata, resourceVersion: version } };
}
