// How long to wait after the nth failure in a row.

export interface Backoff {
  firstMs: number;
  maxMs: number;
}

/** Doubling, with full jitter over the upper half. `random` is in [0, 1). */
export function backoffMs(failures: number, { firstMs, maxMs }: Backoff, random: number): number {
  const ceiling = Math.min(firstMs * 2 ** Math.max(0, failures - 1), maxMs);
  return Math.round(ceiling / 2 + (ceiling / 2) * random);
}
