// Plain JSON values. Stored objects are never changed in place: a change is a new object.

export type JsonObject = Record<string, unknown>;

export const isObject = (value: unknown): value is JsonObject =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

export const objectAt = (value: JsonObject | undefined, key: string): JsonObject | undefined => {
  const found = value?.[key];
  return isObject(found) ? found : undefined;
};

export const objectsAt = (value: JsonObject | undefined, key: string): JsonObject[] => {
  const found = value?.[key];
  return Array.isArray(found) ? found.filter(isObject) : [];
};

export const stringAt = (value: JsonObject | undefined, key: string): string | undefined => {
  const found = value?.[key];
  return typeof found === 'string' ? found : undefined;
};

export const stringsAt = (value: JsonObject | undefined, key: string): string[] => {
  const found = value?.[key];
  return Array.isArray(found) ? found.filter((item) => typeof item === 'string') : [];
};

/** Equality of JSON values; a key that is undefined counts as absent. */
export function isEqual(a: unknown, b: unknown): boolean {
  if (a === b) return true;
  if (Array.isArray(a)) {
    return (
      Array.isArray(b) && a.length === b.length && a.every((item, index) => isEqual(item, b[index]))
    );
  }
  if (!isObject(a) || !isObject(b)) return false;
  const keys = new Set([...Object.keys(a), ...Object.keys(b)]);
  return [...keys].every((key) => isEqual(a[key], b[key]));
}

/** Digits that a double may not hold; most texts have none, and are parsed without a look at each value. */
const LONG = /\d{16}/;

/** Whole numbers too large for a double come as bigints. Throws as JSON.parse does. */
export function parseJson(text: string): unknown {
  if (!LONG.test(text)) return JSON.parse(text) as unknown;
  return JSON.parse(text, (_key, value: unknown, { source = '' }: { source?: string } = {}) =>
    typeof value === 'number' && !Number.isSafeInteger(value) && /^-?\d+$/.test(source)
      ? BigInt(source)
      : value,
  ) as unknown;
}

/** Since `stringify` refuses a bigint, only texts that hold one pay for a look at each value. */
export function stringify(value: unknown): string {
  try {
    return JSON.stringify(value);
  } catch {
    return JSON.stringify(value, (_key, item: unknown) =>
      typeof item === 'bigint' ? rawJson(String(item)) : item,
    );
  }
}

// Node has it; the types of ES2024 do not know it yet.
const { rawJSON: rawJson } = JSON as unknown as { rawJSON: (text: string) => unknown };

const serialized = new WeakMap<object, string>();

/** The JSON text of a stored object, made once however many readers and watchers want it. */
export function textOf(object: object): string {
  let text = serialized.get(object);
  if (text === undefined) {
    text = stringify(object);
    serialized.set(object, text);
  }
  return text;
}
