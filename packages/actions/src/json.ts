// JSON as the service writes it: whole numbers beyond 2^53 are kept exact (as bigint), so that whoever needs the
// number finds out, and whoever does not is not disturbed.

// Fewer digits are always exact, and most texts have no more: a reviver makes the parser several times slower.
const LONG_NUMBER = /\d{16}/;

/** Undefined when it is no JSON. The parser's own message is not passed on: it quotes the text. */
export function parseJson(text: string): unknown {
  try {
    return JSON.parse(text, LONG_NUMBER.test(text) ? exact : undefined);
  } catch {
    return undefined;
  }
}

function exact(_key: string, value: unknown, ...rest: unknown[]): unknown {
  if (typeof value !== 'number' || Number.isSafeInteger(value)) return value;
  const { source } = rest[0] as { source?: string };
  return source !== undefined && /^-?\d+$/.test(source) ? BigInt(source) : value;
}
