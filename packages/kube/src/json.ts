// JSON whose integers stay exact: beyond 2^53 they are read as `bigint` and written as they were.

type Reviver = (key: string, value: unknown, context: { source?: string }) => unknown;

// JSON.rawJSON and the reviver's third argument are newer than TypeScript's ES2024 library.
const json = JSON as unknown as {
  rawJSON(text: string): unknown;
  parse(text: string, reviver?: Reviver): unknown;
};

// Sixteen digits are the fewest that can be inexact. A match inside a string only costs time.
const MAYBE_LARGE = /[:[,]\s*-?\d{16}/;
const INTEGER = /^-?\d+$/;

const exactly: Reviver = (_key, value, { source }) =>
  typeof value === 'number' &&
  !Number.isSafeInteger(value) &&
  source !== undefined &&
  INTEGER.test(source)
    ? BigInt(source)
    : value;

/** Reads JSON; a whole number that a `number` cannot hold becomes a `bigint`. Throws SyntaxError. */
export function parseJson(text: string): unknown {
  return MAYBE_LARGE.test(text) ? json.parse(text, exactly) : json.parse(text);
}

/** Writes JSON; a `bigint` becomes a plain number of all its digits. */
export function formatJson(value: unknown): string {
  try {
    return JSON.stringify(value);
  } catch (error) {
    // A replacer makes every write slower, so it is there only for those that need it.
    if (!(error instanceof TypeError)) throw error;
    return JSON.stringify(value, (_key, inner: unknown) =>
      typeof inner === 'bigint' ? json.rawJSON(inner.toString()) : inner,
    );
  }
}
