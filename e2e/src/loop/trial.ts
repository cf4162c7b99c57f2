// One story told once, in an order and a weather of its own, and what was wrong at its end.
import { wordsOf } from './mishap.ts';
import type { Mishap, Weather } from './mishap.ts';
import type { Order } from './network.ts';
import { seededRandom } from '@muster/kube/testing';
import { shuffled } from './random.ts';
import { changes, deletedUnderWork, secondChance, threeJobs, wrongsOf } from './story.ts';
import type { Story } from './story.ts';
import { mishapsOf, onceAt, recording, storm } from './weather.ts';
import type { Point } from './weather.ts';
import { createWorld } from './world.ts';
import type { WorldOptions } from './world.ts';

export interface Trial {
  /** Tells it apart from all others, and repeats it. */
  name: string;
  story: Story;
  /** Made anew for each telling. */
  setting: () => WorldOptions;
}

export interface Outcome {
  /** Nothing when all is well. */
  wrongs: string[];
  transcript: string;
  /** Runners that were made. */
  made: number;
}

export async function tell({ story, setting }: Trial): Promise<Outcome> {
  const options = setting();
  return withRandom(options.random ?? MIDDLE, async () => {
    const world = await createWorld(options);
    try {
      const failure = await story(world).then(() => [], reason);
      const wrongs = [...failure, ...(await wrongsOf(world))];
      return { wrongs, transcript: world.transcript, made: world.observer.made };
    } finally {
      await world.end();
    }
  });
}

const MIDDLE = (): number => 0.5;

const reason = (error: unknown): string[] => [error instanceof Error ? error.message : 'failed'];

/** kube spreads its retries by the global one; a run must repeat itself. */
async function withRandom<T>(random: () => number, run: () => Promise<T>): Promise<T> {
  const { random: usual } = Math;
  Math.random = random;
  try {
    return await run();
  } finally {
    Math.random = usual;
  }
}

const STORIES = { threeJobs, changes, deletedUnderWork, secondChance };

export type StoryName = keyof typeof STORIES;

export const undisturbed = (story: StoryName): Trial => oneTrial(story, 'undisturbed', () => ({}));

/** Every call of the controller and the listener in a telling in which nothing goes wrong. */
export async function pointsOf(story: StoryName): Promise<Point[]> {
  const { points, weather } = recording();
  const { wrongs, transcript } = await tell(oneTrial(story, 'undisturbed', () => ({ weather })));
  if (wrongs.length > 0) throw new Error([...wrongs, transcript].join('\n'));
  return points;
}

const oneTrial = (story: StoryName, name: string, setting: Trial['setting']): Trial => ({
  name: `${story}: ${name}`,
  story: STORIES[story],
  setting,
});

/** The same story, in which this call meets this mishap. */
const mishapAt = (story: StoryName, point: Point, mishap: Mishap): Trial =>
  oneTrial(story, `${point.who} call ${point.number}, ${point.what}: ${wordsOf(mishap)}`, () => ({
    weather: onceAt(point, mishap),
  }));

/** What can be lost by a death: what the controller wrote, whatever the listener asked for. */
const isCrashPoint = ({ who, is }: Point): boolean => who === 'listener' || is === 'write';

/** Every call meets everything that can go wrong with it. */
export const everyMishap = (story: StoryName, points: readonly Point[]): Trial[] =>
  points.flatMap((point) => mishapsOf(point).map((mishap) => mishapAt(story, point, mishap)));

/** The first of its kind of call meets each in turn. */
export function aMishapForEachCall(story: StoryName, points: readonly Point[]): Trial[] {
  const firsts = new Map(points.toReversed().map((point) => [`${point.who} ${point.what}`, point]));
  return [...firsts.values()].map((point, index) => {
    const choice = mishapsOf(point);
    const [first] = choice;
    if (first === undefined) throw new Error(`nothing can go wrong with ${point.what}`);
    return mishapAt(story, point, choice[index % choice.length] ?? first);
  });
}

/** The processes die right before or right after each call that matters. */
export const everyDeath = (
  story: StoryName,
  points: readonly Point[],
  when: ('before' | 'after')[],
): Trial[] =>
  points
    .filter(isCrashPoint)
    .flatMap((point) => when.map((one) => mishapAt(story, point, { do: 'kill', when: one })));

const SECOND = 2;

/** In an order drawn by the seed; one runner cannot run. */
export const inDrawnOrder = (story: StoryName, seed: number): Trial =>
  oneTrial(story, `in the order of seed ${seed}`, () => ({
    ...drawn(seed),
    isBroken: (start) => start === SECOND,
  }));

/** In an order drawn by the seed, and with mishaps. */
export const inStorm = (story: StoryName, seed: number): Trial =>
  oneTrial(story, `in the storm of seed ${seed}`, () => {
    const { order, random } = drawn(seed);
    const weather: Weather = storm({ random, oneIn: 30, killsOneIn: 5, most: 12 });
    return { order, random, weather };
  });

function drawn(seed: number): { order: Order; random: () => number } {
  const random = seededRandom(seed);
  return { order: shuffled(random), random };
}
