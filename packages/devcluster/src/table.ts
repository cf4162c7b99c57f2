// Tables: what `kubectl get` prints.
import type { JsonObject } from './json.ts';
import type { KubeObject } from './object.ts';
import type { Column, Resource } from './resource.ts';

const SECOND = 1000;
const MINUTE = 60 * SECOND;
const HOUR = 60 * MINUTE;
const DAY = 24 * HOUR;
const YEAR = 365 * DAY;

/** One or two units, as kubectl writes ages: 95s, 5m10s, 3h, 2d4h. */
function duration(ms: number): string {
  const whole = (unit: number): number => Math.floor(ms / unit);
  const pair = (unit: number, name: string, [part, partName]: [number, string]): string => {
    const rest = Math.floor((ms % unit) / part);
    return `${whole(unit)}${name}${rest > 0 ? `${rest}${partName}` : ''}`;
  };
  if (ms < -SECOND) return '<invalid>';
  if (ms < 2 * MINUTE) return `${Math.max(0, whole(SECOND))}s`;
  if (ms < 10 * MINUTE) return pair(MINUTE, 'm', [SECOND, 's']);
  if (ms < 3 * HOUR) return `${whole(MINUTE)}m`;
  if (ms < 8 * HOUR) return pair(HOUR, 'h', [MINUTE, 'm']);
  if (ms < 2 * DAY) return `${whole(HOUR)}h`;
  if (ms < 8 * DAY) return pair(DAY, 'd', [HOUR, 'h']);
  if (ms < 2 * YEAR) return `${whole(DAY)}d`;
  if (ms < 8 * YEAR) return pair(YEAR, 'y', [DAY, 'd']);
  return `${whole(YEAR)}y`;
}

/** How long ago a time was; `<unknown>` when there is none. */
export const age = (time: string | undefined, now: number): string => {
  const at = Date.parse(time ?? '');
  return Number.isNaN(at) ? '<unknown>' : duration(now - at);
};

export const ageColumn: Column = {
  name: 'Age',
  type: 'date',
  description: 'Time since creation',
  value: ({ metadata }, now) => age(metadata.creationTimestamp, now),
};

const nameColumn: Column = {
  name: 'Name',
  type: 'string',
  format: 'name',
  description: 'Name must be unique within a namespace.',
  value: ({ metadata }) => metadata.name,
};

export type Include = 'Metadata' | 'Object' | 'None';

export function table(
  resource: Resource,
  objects: readonly KubeObject[],
  { now, include, metadata }: { now: number; include: Include; metadata: JsonObject },
): JsonObject {
  // Events have a name that nobody wants to see first.
  const isNamed = resource.columns.some(({ name }) => name === nameColumn.name);
  const columns = isNamed ? resource.columns : [nameColumn, ...resource.columns];
  return {
    kind: 'Table',
    apiVersion: 'meta.k8s.io/v1',
    metadata,
    columnDefinitions: columns.map(
      ({ name, type, format = '', description = '', priority = 0 }) => ({
        name,
        type: type === 'date' ? 'string' : type,
        format,
        description,
        priority,
      }),
    ),
    rows: objects.map((object) => ({
      cells: columns.map((column) => column.value(object, now)),
      ...(include === 'None' ? {} : { object: include === 'Object' ? object : partial(object) }),
    })),
  };
}

export const partial = ({ metadata }: KubeObject): JsonObject => ({
  kind: 'PartialObjectMetadata',
  apiVersion: 'meta.k8s.io/v1',
  metadata,
});
