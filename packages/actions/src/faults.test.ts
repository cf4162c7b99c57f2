// Random trouble, a thousand times over: what a listener stands on must hold in all of it. When it does not, fast-check
// prints the seed and the shortest sequence that shows it; `fc.assert(…, { seed, path })` plays that one again.
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { play } from './testing/play.ts';
import { sequence } from './testing/trouble.ts';

const SEQUENCES = 1_000;
const MODES = ['assign', 'acquire'] as const;
const TIME_MS = 120_000;

test.each(MODES)(
  'no job message is lost, and none let go before it was handled, whatever goes wrong (mode: %s)',
  { timeout: TIME_MS },
  async (mode) => {
    const numRuns = SEQUENCES / MODES.length;
    let jobs = 0;
    const holds = fc.asyncProperty(sequence(mode), async (played) => {
      const { end, happened, heard, early, violations } = await play(played);
      jobs += heard.assigned;
      expect({ end, heard, early, violations }).toEqual({
        end: 'quiet',
        heard: happened,
        early: [],
        violations: [],
      });
    });
    await fc.assert(holds, { numRuns });
    // Else nothing was at stake.
    expect(jobs).toBeGreaterThan(numRuns);
  },
);
