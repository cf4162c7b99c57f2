// What goes wrong where a request meets its service: a process that dies, a far side that refuses, an
// answer that is late or never comes. Which call it hits is for others to say.
import { sleep } from '@muster/kube';
import type { Clock } from '@muster/kube';
import { callOf } from './call.ts';
import type { Call, Side } from './call.ts';
import type { Fetch } from './network.ts';
import { behind, cutAfter } from './stream.ts';

export type Mishap =
  /** As SIGKILL, right before the service does it, or right after, its answer unheard. */
  | { do: 'kill'; when: 'before' | 'after' }
  /** The service answers so, and does nothing. */
  | { do: 'refuse'; status: 409 | 410 | 429 | 500 }
  /** Nothing comes back: what was asked for was not done, or it was. */
  | { do: 'lose'; what: 'request' | 'answer' }
  /** The answer takes so long; of a watch, each event does. */
  | { do: 'delay'; ms: number }
  /** A watch breaks off after so many events. */
  | { do: 'cut'; after: number }
  /** The service says that it is done, and has forgotten it. */
  | { do: 'forget' }
  /** The message before comes again. */
  | { do: 'repeat' };

export type Caller = 'manager' | 'listener';

export interface Occasion extends Call {
  who: Caller;
}

/** What a call meets; nothing when it goes well. */
export type Weather = (call: Occasion) => Mishap | undefined;

export const FAIR: Weather = () => undefined;

/** A process, as its calls are known. */
export interface Sender {
  who: Caller;
  kill: () => void;
}

export interface Mishaps {
  /** The service, as this process meets it on this side. */
  between: (side: Side, service: Fetch, sender: Sender) => Fetch;
  /** Calls that wait at this moment. */
  waiting: () => number;
}

export interface MishapsOptions {
  clock: Clock;
  weather: Weather;
  tell: (what: string) => void;
}

export function createMishaps({ clock, weather, tell }: MishapsOptions): Mishaps {
  let waiting = 0;
  const wait = async (ms: number, signal: AbortSignal): Promise<void> => {
    waiting += 1;
    await sleep(ms, { clock, signal });
    waiting -= 1;
    signal.throwIfAborted();
  };
  return {
    waiting: () => waiting,
    between(side, service, sender) {
      let lastMessage: string | undefined;
      return async (request) => {
        const call = callOf(side, request);
        const mishap = weather({ ...call, who: sender.who });
        if (mishap !== undefined) {
          tell(`${sender.who}, ${call.what}: ${wordsOf(mishap)}`);
          return meet(mishap, { request, call, service, sender, clock, wait, lastMessage });
        }
        const answer = await service(request);
        if (isPoll(call) && answer.status === 200) lastMessage = await answer.clone().text();
        return answer;
      };
    },
  };
}

export const wordsOf = (mishap: Mishap): string => Object.values(mishap).join(' ');

export const isPoll = ({ side, what }: Call): boolean =>
  side === 'github' && what.startsWith('GET ') && what.endsWith('message');

interface Scene {
  request: Request;
  call: Call;
  service: Fetch;
  sender: Sender;
  clock: Clock;
  wait: (ms: number, signal: AbortSignal) => Promise<void>;
  lastMessage: string | undefined;
}

function meet(mishap: Mishap, scene: Scene): Response | Promise<Response> {
  const { request, call, service, lastMessage } = scene;
  switch (mishap.do) {
    case 'kill':
      return killed(mishap.when, scene);
    case 'refuse':
      return refusal(call.side, mishap.status);
    case 'lose':
      return lost(mishap.what, scene);
    case 'delay':
      return late(mishap.ms, scene);
    case 'cut':
      return service(request).then((answer) => cutAfter(answer, mishap.after));
    case 'forget':
      return new Response(null, { status: 204 });
    case 'repeat':
      if (lastMessage === undefined) return service(request);
      return Response.json(JSON.parse(lastMessage));
  }
}

async function killed(
  when: 'before' | 'after',
  { request, service, sender }: Scene,
): Promise<Response> {
  if (when === 'after') await service(request);
  sender.kill();
  throw new TypeError('fetch failed', { cause: new Error('the process is gone') });
}

// Longer than a client of ours waits for anything but a poll.
const GIVEN_UP_MS = 60_000;

async function lost(
  what: 'request' | 'answer',
  { request, service, wait }: Scene,
): Promise<Response> {
  if (what === 'answer') await service(request);
  await wait(GIVEN_UP_MS, request.signal);
  throw new TypeError('fetch failed', { cause: new Error('nothing came back') });
}

async function late(ms: number, { request, call, service, clock, wait }: Scene): Promise<Response> {
  const { signal } = request;
  const answer = await service(request);
  if (call.is === 'watch') return behind(answer, { clock, ms, signal });
  await wait(ms, signal);
  return answer;
}

const REASONS = {
  409: 'Conflict',
  410: 'Expired',
  429: 'TooManyRequests',
  500: 'InternalError',
} as const;

function refusal(side: Side, status: keyof typeof REASONS): Response {
  const message = 'refused for a test';
  const facts = { code: status, reason: REASONS[status], message };
  const isGitHub = side === 'github';
  const body = isGitHub
    ? { message }
    : { kind: 'Status', apiVersion: 'v1', status: 'Failure', ...facts };
  return Response.json(body, { status, headers: status === 429 ? { 'retry-after': '1' } : {} });
}
