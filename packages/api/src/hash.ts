// Hashes that end up in names and annotations. `nameHash` must match the Go operator's exactly
// (reference/controllers.md, Appendix C), or a take-over would orphan its objects.
import { createHash } from 'node:crypto';

const FNV_OFFSET = 2166136261;
const FNV_PRIME = 16777619;
// apimachinery's alphabet without vowels, at the character code of each decimal digit modulo 27.
const SAFE_DIGITS = '456789bcdf';

/** The first eight safe-encoded digits of FNV-1a 32; fewer when the hash is small. */
export function nameHash(text: string): string {
  let hash = FNV_OFFSET;
  for (const byte of new TextEncoder().encode(text)) {
    hash = Math.imul(hash ^ byte, FNV_PRIME);
  }
  return Array.from(String(hash >>> 0), (digit) => SAFE_DIGITS.charAt(Number(digit)))
    .join('')
    .slice(0, 8);
}

/** A hash of plain JSON that does not depend on the order of keys: 16 hexadecimal digits. */
export const contentHash = (value: unknown): string =>
  createHash('sha256').update(canonical(value)).digest('hex').slice(0, 16);

function canonical(value: unknown): string {
  if (Array.isArray(value)) return `[${value.map(canonical).join(',')}]`;
  if (typeof value === 'object' && value !== null) {
    const fields = Object.entries(value)
      .filter(([, field]) => field !== undefined)
      .sort(([a], [b]) => (a < b ? -1 : 1))
      .map(([key, field]) => `${JSON.stringify(key)}:${canonical(field)}`);
    return `{${fields.join(',')}}`;
  }
  return value === undefined ? 'null' : JSON.stringify(value);
}
