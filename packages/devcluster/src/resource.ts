// What the API knows of a resource: its names, its rules and how it looks in a table.
import type { KubeObject } from './object.ts';
import type { Schema } from './schema/shape.ts';
import type { Cause } from './status.ts';

export interface Column {
  name: string;
  type: 'string' | 'integer' | 'number' | 'boolean' | 'date';
  format?: string;
  description?: string;
  /** Above 0: only in wide output. */
  priority?: number;
  value: (object: KubeObject, now: number) => unknown;
}

/** Shapes an object before it is stored; it may change the draft it is given. */
export type Prepare = (draft: KubeObject, before: KubeObject | undefined) => void;
export type Validate = (object: KubeObject, before: KubeObject | undefined) => Cause[];

export interface Resource {
  group: string;
  version: string;
  kind: string;
  listKind: string;
  plural: string;
  singular: string;
  shortNames: string[];
  categories: string[];
  namespaced: boolean;
  /** The name of its table in the store: `plural` or `plural.group`. */
  table: string;
  subresources: string[];
  columns: Column[];
  prepare?: Prepare | undefined;
  validate?: Validate | undefined;
  /** Seconds between being told to go and being gone; 0 is at once. */
  graceSeconds?: ((object: KubeObject) => number) | undefined;
  /** Fields a selector may name besides metadata.name and metadata.namespace. */
  selectable: string[];
  /** `metadata.generation` counts changes of what the user wants. */
  counted: boolean;
  /** What its objects may hold; anything when there is none. */
  schema?: Schema | undefined;
  /** Its definition is a user's, who gets told of a wrong value by validation. */
  custom?: true | undefined;
  /** How `scale` is read and written; its subresource is there when this is. */
  scale?: ScalePaths | undefined;
  /** Answered from the request alone, never stored: reviews. */
  virtual?: boolean | undefined;
}

/** Dots and fields: `.spec.replicas`. */
export interface ScalePaths {
  replicas: string;
  current: string;
  /** Of the label selector, as a text or as an object. */
  selector?: string | undefined;
}

export const apiVersionOf = ({ group, version }: { group: string; version: string }): string =>
  group === '' ? version : `${group}/${version}`;

type Shape = Pick<Resource, 'kind' | 'plural'> & Partial<Resource>;

/** A resource with everything that is usual filled in: core, namespaced, no subresource. */
export function defineResource(shape: Shape): Resource {
  const { group = '', plural, kind } = shape;
  return {
    group,
    version: 'v1',
    listKind: `${kind}List`,
    singular: kind.toLowerCase(),
    shortNames: [],
    categories: [],
    namespaced: true,
    table: group === '' ? plural : `${plural}.${group}`,
    subresources: [],
    columns: [],
    selectable: [],
    counted: false,
    ...shape,
  };
}

/** Which resources there are; custom ones come and go. */
export class Registry {
  readonly #resources = new Map<string, Resource>();

  constructor(resources: readonly Resource[]) {
    for (const resource of resources) this.add(resource);
  }

  add(resource: Resource): void {
    this.#resources.set(`${apiVersionOf(resource)}/${resource.plural}`, resource);
  }

  remove(resource: Resource): void {
    this.#resources.delete(`${apiVersionOf(resource)}/${resource.plural}`);
  }

  find(apiVersion: string, plural: string): Resource | undefined {
    return this.#resources.get(`${apiVersion}/${plural}`);
  }

  ofKind(apiVersion: string, kind: string): Resource | undefined {
    return this.all().find((r) => r.kind === kind && apiVersionOf(r) === apiVersion);
  }

  ofTable(table: string): Resource | undefined {
    return this.all().find((resource) => resource.table === table);
  }

  hasGroup(apiVersion: string): boolean {
    return this.all().some((resource) => apiVersionOf(resource) === apiVersion);
  }

  all(): Resource[] {
    return [...this.#resources.values()];
  }
}
