// The order in which things arrive, drawn.
import type { Order } from './network.ts';

const MAX_DELAY_MS = 20;

/** Things overtake each other, and take their time. */
export const shuffled = (random: () => number): Order => ({
  pick: (count) => Math.floor(random() * count),
  delayMs: () => Math.floor(random() * MAX_DELAY_MS),
});
