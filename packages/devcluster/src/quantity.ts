// Quantities: "500m", "1Gi", "2". Enough of their arithmetic to add and compare them.

const UNITS: Record<string, number> = {
  n: 1e-9,
  u: 1e-6,
  m: 1e-3,
  '': 1,
  k: 1e3,
  M: 1e6,
  G: 1e9,
  T: 1e12,
  P: 1e15,
  E: 1e18,
  Ki: 2 ** 10,
  Mi: 2 ** 20,
  Gi: 2 ** 30,
  Ti: 2 ** 40,
  Pi: 2 ** 50,
  Ei: 2 ** 60,
};

/** 0 for what is no quantity: validation has told of it. */
export function parseQuantity(text: string): number {
  const [, amount = '0', unit = ''] = /^([+-]?[\d.]+(?:[eE][+-]?\d+)?)(\D*)$/.exec(text) ?? [];
  return Number(amount) * (UNITS[unit] ?? 0);
}

/** As the server writes a sum: whole, else in thousandths; in binary units if those are even. */
export function formatQuantity(value: number, isBinary = false): string {
  if (!Number.isInteger(value)) return `${Math.ceil(value * 1000)}m`;
  const [unit = ''] = ['Gi', 'Mi', 'Ki'].filter(
    (name) => isBinary && value > 0 && value % (UNITS[name] ?? 1) === 0,
  );
  return `${value / (UNITS[unit] ?? 1)}${unit}`;
}
