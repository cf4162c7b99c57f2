// What a chart's values are: their places by its schema, their meaning by the comments of its values.yaml. In there `##`
// explains, and `#` stands before what is absent by default.
import { isMap, isScalar, parse, parseDocument } from 'yaml';
import type { Pair, YAMLMap } from 'yaml';

export interface Schema {
  /** Read, but not to be written any more: it has no line in the reference. */
  deprecated?: boolean;
  properties?: Record<string, Schema>;
  /** Of keys beside the properties. */
  additionalProperties?: unknown;
}

export interface Place {
  /** Such as `image.tag`. */
  path: string;
  /** Whether keys below it are places themselves. */
  hasPlaces: boolean;
  /** Whether others than those may stand there: then they are the user's to choose. */
  isOpen: boolean;
  isDeprecated: boolean;
}

export function placesOf(schema: Schema, above = ''): Place[] {
  return Object.entries(schema.properties ?? {}).flatMap(([key, inner]) => {
    const path = `${above}${key}`;
    const { properties, additionalProperties, deprecated: isDeprecated = false } = inner;
    const hasPlaces = properties !== undefined;
    const isOpen = !hasPlaces || additionalProperties !== undefined;
    const place = { path, hasPlaces, isOpen, isDeprecated };
    const below = placesOf(inner, `${path}.`);
    return [
      place,
      ...below.map((one) => ({ ...one, isDeprecated: one.isDeprecated || isDeprecated })),
    ];
  });
}

export interface Described {
  path: string;
  /** Empty where only its parts are explained. */
  meaning: string;
  /** What values.yaml holds; undefined: it is absent. */
  byDefault: unknown;
}

/** The file with what it shows as an example put in: every value is there. */
export const withExamples = (file: string): string => file.replaceAll(/^( *)# (.*)$/gm, '$1$2');

/** Each value that the file writes or shows, of those that `isPlace` knows. */
export function describedIn(file: string, isPlace: (path: string) => boolean): Described[] {
  const document = parseDocument(withExamples(file));
  const [problem] = document.errors;
  if (problem) throw problem;
  const { contents } = document;
  if (!isMap(contents)) throw new Error('values.yaml holds no map');
  return read(contents, { above: '', defaults: parse(file), isPlace });
}

interface Reading {
  above: string;
  defaults: unknown;
  isPlace: (path: string) => boolean;
}

function read(map: YAMLMap, { above, defaults, isPlace }: Reading): Described[] {
  return map.items.flatMap((pair, index) => {
    const key = String(isScalar(pair.key) ? pair.key.value : pair.key);
    const path = `${above}${key}`;
    if (!isPlace(path)) return [];
    const byDefault = memberOf(defaults, key);
    // What stands before a map's first key is the map's, to the parser.
    const comment = commentBefore(pair) ?? (index === 0 ? map.commentBefore : undefined);
    const below = { above: `${path}.`, defaults: byDefault, isPlace };
    return [
      { path, meaning: proseOf(comment), byDefault },
      ...(isMap(pair.value) ? read(pair.value, below) : []),
    ];
  });
}

const memberOf = (value: unknown, key: string): unknown =>
  typeof value === 'object' && value !== null ? (value as Record<string, unknown>)[key] : undefined;

const commentBefore = ({ key }: Pair): string | undefined =>
  (isScalar(key) ? key.commentBefore : undefined) ?? undefined;

/** Its last paragraph: one before it is the file's own. */
const proseOf = (comment: string | null | undefined): string =>
  ((comment ?? '').split(/\n\s*\n/).at(-1) ?? '')
    .replaceAll(/^#? ?/gm, '')
    .replaceAll(/\s+/g, ' ')
    .trim();
