// Which call goes wrong, and how: one that is named by its number, or any, by a seed.
import type { Call } from './call.ts';
import { isPoll } from './mishap.ts';
import type { Caller, Mishap, Occasion, Weather } from './mishap.ts';

/** One call of a story: the so-manieth of this process. */
export interface Point extends Call {
  who: Caller;
  number: number;
}

/** Fair weather that keeps what was called. */
export function recording(): { weather: Weather; points: Point[] } {
  const points: Point[] = [];
  const counts = { manager: 0, listener: 0 };
  return {
    points,
    weather: (call) => {
      counts[call.who] += 1;
      points.push({ ...call, number: counts[call.who] });
      return undefined;
    },
  };
}

/** Until then a run is the same as one in fair weather, so that the number finds the same call. */
export function onceAt({ who, number, what }: Point, mishap: Mishap): Weather {
  let count = 0;
  return (call) => {
    if (call.who !== who) return undefined;
    count += 1;
    if (count !== number) return undefined;
    if (call.what !== what) throw new Error(`call ${number} is ${call.what}, not ${what}`);
    return mishap;
  };
}

/** What can go wrong with a call, apart from the death of its process. */
export function mishapsOf(call: Call): Mishap[] {
  if (call.is === 'watch') return WATCHES;
  return [...CALLS, ...(isPoll(call) ? POLLS : []), ...(isReceipt(call) ? RECEIPTS : [])];
}

const isReceipt = ({ what }: Call): boolean => /^DELETE .*message\/:id$/.test(what);

const CALLS: Mishap[] = [
  { do: 'refuse', status: 409 },
  { do: 'refuse', status: 429 },
  { do: 'refuse', status: 500 },
  { do: 'lose', what: 'request' },
  { do: 'lose', what: 'answer' },
  { do: 'delay', ms: 5_000 },
];
// kube's barrier waits 10 s for a cache: this one is staler than that.
const WATCHES: Mishap[] = [
  { do: 'refuse', status: 410 },
  { do: 'refuse', status: 429 },
  { do: 'refuse', status: 500 },
  { do: 'lose', what: 'request' },
  { do: 'delay', ms: 2_000 },
  { do: 'delay', ms: 15_000 },
  { do: 'cut', after: 0 },
  { do: 'cut', after: 3 },
];
const POLLS: Mishap[] = [{ do: 'repeat' }, { do: 'delay', ms: 20_000 }];
const RECEIPTS: Mishap[] = [{ do: 'forget' }];

const KILLS: Mishap[] = [
  { do: 'kill', when: 'before' },
  { do: 'kill', when: 'after' },
];

interface Storm {
  random: () => number;
  /** Of so many calls one goes wrong. */
  oneIn: number;
  /** Of so many mishaps one is a death. */
  killsOneIn: number;
  /** After so many the weather is fair. */
  most: number;
}

export function storm({ random, oneIn, killsOneIn, most }: Storm): Weather {
  const isTurn = (one: number): boolean => random() * one < 1;
  let left = most;
  return (call: Occasion) => {
    if (left === 0 || !isTurn(oneIn)) return undefined;
    left -= 1;
    const choice = isTurn(killsOneIn) ? KILLS : mishapsOf(call);
    return choice[Math.floor(random() * choice.length)];
  };
}
