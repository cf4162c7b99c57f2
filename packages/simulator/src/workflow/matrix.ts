// `strategy.matrix` to its combinations, by the rules of GitHub's documentation.
import { looselyEqual } from './expression.ts';
import type { Json } from './expression.ts';
import { isRecord, textOf } from './template.ts';

export interface Combination {
  readonly values: Record<string, Json>;
  /** What the display name of its job shows; extras of a matching `include` are not among it. */
  readonly label: string;
}

type Fields = Record<string, Json>;

const LARGEST = 256;

/** Throws an `Error` in words for the author when it gives no combination, or too many. */
export function expandMatrix(matrix: Json): Combination[] {
  if (!isRecord(matrix)) throw new Error('the matrix must be a map of lists');
  const { include = [], exclude = [], ...axes } = matrix;
  const base = product(axes).filter((values) => !filters('exclude', exclude).some(matches(values)));
  checkExclude(filters('exclude', exclude), axes);
  const combinations = withIncludes(base, filters('include', include), axes);
  if (combinations.length === 0) throw new Error('the matrix gives no combination');
  if (combinations.length > LARGEST) {
    throw new Error(
      `the matrix gives ${combinations.length} combinations, and ${LARGEST} is the limit`,
    );
  }
  return combinations;
}

function product(axes: Fields): Fields[] {
  const names = Object.entries(axes);
  if (names.length === 0) return [];
  return names.reduce<Fields[]>(
    (combinations, [name, values]) => {
      if (!Array.isArray(values)) throw new Error(`the matrix's ${name} must be a list`);
      if (values.length === 0) throw new Error(`the matrix's ${name} has no values`);
      return combinations.flatMap((one) => values.map((value) => ({ ...one, [name]: value })));
    },
    [{}],
  );
}

function withIncludes(base: Fields[], includes: Fields[], axes: Fields): Combination[] {
  const used = new Set<Fields>();
  const grown = base.map((values) => {
    const fitting = includes.filter((include) => matches(values)(only(include, axes)));
    for (const include of fitting) used.add(include);
    // Extras may overwrite one another, never a value of the matrix itself: those are equal, but for their case.
    return {
      values: Object.assign({ ...values }, ...fitting, values) as Fields,
      label: labelOf(values),
    };
  });
  const rest = includes.filter((include) => !used.has(include));
  return [...grown, ...rest.map((values) => ({ values, label: labelOf(values) }))];
}

function filters(name: string, list: Json): Fields[] {
  const items = Array.isArray(list) ? list : [list];
  return items.map((item) => {
    if (isRecord(item) && Object.keys(item).length > 0) return item;
    throw new Error(`each entry of the matrix's ${name} must be a map with values`);
  });
}

function checkExclude(excludes: Fields[], axes: Fields): void {
  for (const key of excludes.flatMap((exclude) => Object.keys(exclude))) {
    if (!(key in axes))
      throw new Error(`the matrix's exclude names ${key}, which the matrix has not`);
  }
}

const only = (include: Fields, axes: Fields): Fields =>
  Object.fromEntries(Object.entries(include).filter(([key]) => key in axes));

/** Each leaf of the filter equals the value at its place; what the filter does not name is free. */
const matches =
  (value: Json) =>
  (filter: Json): boolean => {
    if (typeof filter !== 'object' || filter === null) return looselyEqual(value, filter);
    if (typeof value !== 'object' || value === null) return false;
    const found = new Map<string, Json>(Object.entries(value));
    return Object.entries(filter).every(([key, part]) => matches(found.get(key) ?? null)(part));
  };

function labelOf(values: Fields): string {
  return leaves(values)
    .map(textOf)
    .filter((text) => text !== '')
    .join(', ');
}

function leaves(value: Json): Json[] {
  if (typeof value !== 'object' || value === null) return [value];
  return Object.values(value).flatMap(leaves);
}
