// The stories of the loop until the time is up: each death and each mishap at each call, and orders and
// storms of ever new seeds, a few of each from the start. What goes wrong is printed with its transcript.
// `node e2e/soak/loop.soak.ts [--seconds 600] [--seed 1] [--only 'part of a name']`
import { parseArgs } from 'node:util';
import {
  everyDeath,
  everyMishap,
  inDrawnOrder,
  inStorm,
  pointsOf,
  tell,
} from '../src/loop/trial.ts';
import type { StoryName, Trial } from '../src/loop/trial.ts';

const { values } = parseArgs({
  options: {
    seconds: { type: 'string', default: '600' },
    seed: { type: 'string', default: '1' },
    only: { type: 'string', default: '' },
  },
});

/** One list a story. */
async function enumerated(stories: readonly StoryName[]): Promise<Trial[][]> {
  const lists: Trial[][] = [];
  for (const story of stories) {
    const points = await pointsOf(story);
    const deaths = everyDeath(story, points, ['before', 'after']);
    lists.push(scattered([...deaths, ...everyMishap(story, points)]));
  }
  return lists;
}

function* drawn(from: number): Generator<Trial> {
  for (let seed = from; ; seed += 1) {
    yield inDrawnOrder('changes', seed);
    yield inDrawnOrder('deletedUnderWork', seed);
    yield inStorm('changes', seed);
    yield inStorm('deletedUnderWork', seed);
  }
}

/** One of each, until all that end have ended. */
function* inTurns(sources: Iterable<Trial>[]): Generator<Trial> {
  let open = sources.map((source) => source[Symbol.iterator]());
  while (open.length > 0) {
    const turn = open.map((source) => ({ source, next: source.next() }));
    open = turn.filter(({ next }) => next.done !== true).map(({ source }) => source);
    for (const { next } of turn) if (next.done !== true) yield next.value;
  }
}

/** Far apart from each other, so that a short soak has met calls of all parts of a story. */
function scattered(trials: readonly Trial[]): Trial[] {
  const step = 37;
  return Array.from({ length: step }, (_, offset) =>
    trials.filter((_trial, index) => index % step === offset),
  ).flat();
}

const say = (line: string): void => {
  process.stdout.write(`${line}\n`);
};

async function soak(): Promise<void> {
  const endMs = performance.now() + Number(values.seconds) * 1_000;
  const listed = await enumerated(['threeJobs', 'deletedUnderWork', 'changes', 'secondChance']);
  let told = 0;
  let failed = 0;
  for (const trial of inTurns([...listed, drawn(Number(values.seed))])) {
    if (performance.now() >= endMs) break;
    if (!trial.name.includes(values.only)) continue;
    const { wrongs, transcript } = await tell(trial);
    told += 1;
    if (wrongs.length === 0) continue;
    failed += 1;
    say([`FAILED ${trial.name}`, ...wrongs, transcript].join('\n'));
  }
  say(`${told} stories told of which ${failed} went wrong; seeds from ${values.seed}`);
  if (failed > 0 || told === 0) process.exitCode = 1;
}

await soak();
