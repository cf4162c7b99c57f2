// Custom kinds: a definition that is applied is served at once.
import { remove } from './delete.ts';
import { isObject, objectAt, objectsAt, stringAt, stringsAt } from './json.ts';
import type { JsonObject } from './json.ts';
import { jsonPath } from './json-path.ts';
import { isDeleting, timestamp } from './object.ts';
import type { KubeObject } from './object.ts';
import { defineResource } from './resource.ts';
import type { Column, Prepare, Resource, ScalePaths, Validate } from './resource.ts';
import { fill } from './schema/shape.ts';
import { violations } from './schema/validate.ts';
import { invalidValue, required } from './status.ts';
import type { Cause } from './status.ts';
import type { StoreEvent } from './store.ts';
import { ageColumn, age } from './table.ts';
import { SYSTEM, TABLES } from './world.ts';
import type { World } from './world.ts';
import { release } from './write.ts';

const CLEAN_UP = 'customresourcecleanup.apiextensions.k8s.io';

/** A definition is accepted, established and protected until its objects are gone. */
export const prepareCrd =
  (now: () => number): Prepare =>
  (draft, before) => {
    const names = objectAt(objectAt(draft, 'spec'), 'names');
    if (names && stringAt(names, 'kind') !== undefined) {
      const kind = stringAt(names, 'kind') ?? '';
      names['singular'] ??= kind.toLowerCase();
      names['listKind'] ??= `${kind}List`;
    }
    if (before) return;
    draft.metadata.finalizers = [...(draft.metadata.finalizers ?? []), CLEAN_UP];
    const at = timestamp(now());
    const condition = (type: string, reason: string, message: string): JsonObject => ({
      type,
      status: 'True',
      lastTransitionTime: at,
      reason,
      message,
    });
    draft['status'] = {
      conditions: [
        condition('NamesAccepted', 'NoConflicts', 'no conflicts found'),
        condition('Established', 'InitialNamesAccepted', 'the initial names have been accepted'),
      ],
      acceptedNames: names ?? {},
      storedVersions: objectsAt(objectAt(draft, 'spec'), 'versions')
        .filter((version) => version['storage'] === true)
        .map((version) => stringAt(version, 'name') ?? ''),
    };
  };

export const validateCrd: Validate = (crd) => {
  const spec = objectAt(crd, 'spec');
  const plural = stringAt(objectAt(spec, 'names'), 'plural');
  const group = stringAt(spec, 'group');
  const causes: Cause[] = [];
  if (group === undefined) causes.push(required('spec.group'));
  if (plural === undefined) causes.push(required('spec.names.plural'));
  if (stringAt(objectAt(spec, 'names'), 'kind') === undefined)
    causes.push(required('spec.names.kind'));
  if (stringAt(spec, 'scope') === undefined) causes.push(required('spec.scope'));
  const stored = objectsAt(spec, 'versions').filter((version) => version['storage'] === true);
  if (stored.length !== 1) {
    causes.push(
      invalidValue(
        'spec.versions',
        stored.length,
        'must have exactly one version marked as storage version',
      ),
      invalidValue('status.storedVersions', [], 'must have at least one stored version'),
    );
  }
  const wanted = `${plural ?? ''}.${group ?? ''}`;
  if (crd.metadata.name !== wanted) {
    causes.push(
      invalidValue('metadata.name', crd.metadata.name, `must be spec.names.plural+"."+spec.group`),
    );
  }
  return causes;
};

/** Keeps the registry in step with the definitions. */
export function offer(world: World, { type, object, before }: StoreEvent): void {
  for (const resource of before ? resourcesOf(before) : []) world.registry.remove(resource);
  for (const resource of resourcesOf(object)) {
    if (type === 'DELETED') world.registry.remove(resource);
    else world.registry.add(resource);
  }
}

/** A definition that goes takes its objects along, and waits for them. */
export function emptyCrd(world: World, crd: KubeObject): void {
  const [resource] = resourcesOf(crd);
  const objects = resource ? world.store.list(resource.table) : [];
  for (const object of objects) {
    if (resource === undefined || isDeleting(object)) continue;
    const target = { resource, namespace: object.metadata.namespace, user: SYSTEM, dryRun: false };
    remove(world, target, { object, options: { propagation: 'Background' } });
  }
  afterCustomDeletion(world, crd.metadata.name);
}

/** Lets a definition go once the last of its objects is gone. */
export function afterCustomDeletion(world: World, table: string): void {
  const crd = world.store.get(TABLES.crds, { name: table });
  if (crd === undefined || !isDeleting(crd) || world.store.list(table).length > 0) return;
  release(world, crd, CLEAN_UP);
}

/** A resource for each served version. All are stored alike: there is no conversion. */
function resourcesOf(crd: KubeObject): Resource[] {
  const spec = objectAt(crd, 'spec');
  const names = objectAt(spec, 'names');
  const group = stringAt(spec, 'group') ?? '';
  const kind = stringAt(names, 'kind') ?? '';
  return objectsAt(spec, 'versions')
    .filter((version) => version['served'] === true)
    .map((version) =>
      defineResource({
        group,
        version: stringAt(version, 'name') ?? '',
        kind,
        listKind: stringAt(names, 'listKind') ?? `${kind}List`,
        plural: stringAt(names, 'plural') ?? '',
        singular: stringAt(names, 'singular') ?? kind.toLowerCase(),
        shortNames: stringsAt(names, 'shortNames'),
        categories: stringsAt(names, 'categories'),
        namespaced: stringAt(spec, 'scope') !== 'Cluster',
        ...behaviour(version),
      }),
    );
}

function behaviour(version: JsonObject): Partial<Resource> {
  const schema = objectAt(objectAt(version, 'schema'), 'openAPIV3Schema');
  const subresources = objectAt(version, 'subresources');
  return {
    subresources: ['status', 'scale'].filter((name) => subresources?.[name] !== undefined),
    columns: columnsOf(version),
    selectable: objectsAt(version, 'selectableFields').map((field) =>
      (stringAt(field, 'jsonPath') ?? '').slice(1),
    ),
    counted: true,
    schema,
    custom: true,
    scale: scaleOf(subresources),
    prepare: (draft) => {
      if (schema) fill(schema, draft);
    },
    validate: (object) => (schema === undefined ? [] : violations(schema, object)),
  };
}

function scaleOf(subresources: JsonObject | undefined): ScalePaths | undefined {
  const scale = objectAt(subresources, 'scale');
  if (scale === undefined) return undefined;
  return {
    replicas: stringAt(scale, 'specReplicasPath') ?? '',
    current: stringAt(scale, 'statusReplicasPath') ?? '',
    selector: stringAt(scale, 'labelSelectorPath'),
  };
}

function columnsOf(version: JsonObject): Column[] {
  const given = objectsAt(version, 'additionalPrinterColumns');
  return given.length === 0 ? [ageColumn] : given.map(column);
}

function column(given: JsonObject): Column {
  const values = jsonPath(stringAt(given, 'jsonPath') ?? '');
  const type = (stringAt(given, 'type') ?? 'string') as Column['type'];
  const priority = given['priority'];
  const format = stringAt(given, 'format');
  const description = stringAt(given, 'description');
  return {
    name: stringAt(given, 'name') ?? '',
    type,
    ...(format === undefined ? {} : { format }),
    ...(description === undefined ? {} : { description }),
    ...(typeof priority === 'number' ? { priority } : {}),
    value: (object, now) => cell(type, values(object), now),
  };
}

function cell(type: Column['type'], values: unknown[], now: number): unknown {
  const [first] = values;
  if (first === undefined || first === null) return null;
  if (type === 'date') return typeof first === 'string' ? age(first, now) : null;
  if (type !== 'string') return first;
  const told = values.map((value) =>
    isObject(value) || Array.isArray(value) ? JSON.stringify(value) : String(value),
  );
  return told.join(',');
}
