// What goes wrong at random: faults of the service, networks that are cut, listeners that are killed.
import { setTimeout as sleep } from 'node:timers/promises';
import { seededRandom } from '@muster/kube/testing';
import type { FaultWish } from '@muster/simulator';
import type { Ground } from '../src/testing/ground.ts';
import type { Program } from '../src/testing/program.ts';

const FAULTS: readonly Omit<FaultWish, 'times' | 'forMs'>[] = [
  { call: 'get-message', effect: { do: 'answer', status: 500 } },
  { call: 'get-message', effect: { do: 'answer', status: 401 } },
  { call: 'get-message', effect: { do: 'answer', status: 429, retryAfterSeconds: 1 } },
  { call: 'get-message', effect: { do: 'empty' } },
  { call: 'get-message', effect: { do: 'drop' } },
  { call: 'get-message', effect: { do: 'lose-answer' } },
  { call: 'get-message', effect: { do: 'byte-order-mark' } },
  { call: 'get-message', effect: { do: 'unknown-message' } },
  { call: 'get-message', effect: { do: 'null-statistics' } },
  { call: 'get-message', effect: { do: 'zero-statistics' } },
  { call: 'delete-message', effect: { do: 'answer', status: 503 } },
  { call: 'delete-message', effect: { do: 'lose-answer' } },
  { call: 'acquire-jobs', effect: { do: 'answer', status: 500 } },
  { call: 'acquire-jobs', effect: { do: 'lose-answer' } },
  { call: 'create-session', effect: { do: 'answer', status: 500 } },
  { call: 'create-session', effect: { do: 'null-statistics' } },
  { call: 'refresh-session', effect: { do: 'answer', status: 404 } },
  { call: 'registration-token', effect: { do: 'answer', status: 403 } },
];

/** In [0, 1). */
type Random = () => number;

function either<T>(list: readonly T[], random: Random): T {
  const found = list[Math.floor(random() * list.length)];
  if (found === undefined) throw new Error('there is nothing to choose from');
  return found;
}

export interface Tally {
  faults: number;
  cuts: number;
  kills: number;
  stops: number;
  overlaps: number;
}

interface Listeners {
  /** The one that should be there; the first call starts it. */
  current: () => Program;
  next: () => Program;
}

interface Wish {
  listeners: Listeners;
  seed: number;
}

/** Until the signal; leaves all as it should be. */
export async function trouble(
  ground: Ground,
  { listeners, seed }: Wish,
  signal: AbortSignal,
): Promise<Tally> {
  // Each kind has its own, so that none is changed by how long another takes.
  const [forFaults, forCuts, forDeaths] = [0, 1, 2].map((kind) =>
    seededRandom(3 * seed + kind),
  ) as [Random, Random, Random];
  const tally: Tally = { faults: 0, cuts: 0, kills: 0, stops: 0, overlaps: 0 };
  const isOver = (): boolean => signal.aborted;
  const faults = async (): Promise<void> => {
    while (!isOver()) {
      const fault = either(FAULTS, forFaults);
      ground.simulator.faults.add({ ...fault, times: 1 + Math.floor(forFaults() * 3) });
      tally.faults += 1;
      await sleep(200 + forFaults() * 600);
    }
  };
  const cuts = async (): Promise<void> => {
    while (!isOver()) {
      await sleep(1_000 + forCuts() * 3_000);
      const wire = either([ground.github, ground.kubernetes], forCuts);
      wire.cut();
      tally.cuts += 1;
      await sleep(100 + forCuts() * 1_500);
      wire.mend();
    }
  };
  const deaths = async (): Promise<void> => {
    while (!isOver()) {
      await sleep(2_000 + forDeaths() * 3_000);
      tally[await endOne(listeners, forDeaths)] += 1;
    }
  };
  await Promise.all([faults(), cuts(), deaths()]);
  ground.simulator.faults.clear();
  return tally;
}

async function endOne(
  { current, next }: Listeners,
  random: Random,
): Promise<'kills' | 'stops' | 'overlaps'> {
  const old = current();
  const how = either(['kills', 'kills', 'stops', 'overlaps'] as const, random);
  if (how === 'overlaps') {
    // A node that is silent: the old one lives on for a while beside the new one.
    next();
    await sleep(1_000);
    old.kill('SIGKILL');
  } else {
    old.kill(how === 'kills' ? 'SIGKILL' : 'SIGTERM');
    await old.ended;
    next();
  }
  return how;
}
