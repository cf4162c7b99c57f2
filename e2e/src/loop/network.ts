// The way between the parts: each request, answer and watch event arrives by itself, and nothing
// else does until all that it set going has come to rest. So a run is the same each time, in the
// order of sending or in one drawn by a seed.
import { setImmediate as turn } from 'node:timers/promises';
import { piecewise } from './stream.ts';

export type Fetch = (request: Request) => Promise<Response>;

export interface Order {
  /** Which of so many things on their way arrives next; 0 was sent first. */
  pick: (count: number) => number;
  /** How long that takes. */
  delayMs: () => number;
}

export const IN_ORDER: Order = { pick: () => 0, delayMs: () => 0 };

export interface NetworkOptions {
  order: Order;
  /** Requests that a service keeps waiting on purpose. */
  held: () => number;
  /** Lets time pass. */
  pass: (ms: number) => void;
}

export interface Network {
  /** The service as it is reached from elsewhere. */
  connect: (service: Fetch) => Fetch;
  /** Lets all that is going on come to rest; what is on its way stays there. */
  rest: () => Promise<void>;
  /** Lets one thing on its way arrive. */
  step: () => 'arrived' | 'nothing';
}

// One turn is enough for promises; streams take one or two more.
const QUIET_TURNS = 3;
const PATIENCE_TURNS = 100_000;

export function createNetwork({ order, held, pass }: NetworkOptions): Network {
  const travelling: (() => void)[] = [];
  let inService = 0;

  const travel = (): Promise<void> =>
    new Promise((resolve) => {
      travelling.push(resolve);
    });

  const serve = async (service: Fetch, request: Request): Promise<Response> => {
    inService += 1;
    try {
      return await service(request);
    } finally {
      inService -= 1;
    }
  };

  /** A service may sign or verify something off the event loop, so turns alone tell nothing. */
  const rest = async (): Promise<void> => {
    for (let turns = 0, calm = 0; calm < QUIET_TURNS; turns += 1) {
      if (turns > PATIENCE_TURNS) throw new Error('a service does not answer');
      await turn();
      calm = inService === held() ? calm + 1 : 0;
    }
  };

  return {
    connect: (service) => async (request) => {
      await travel();
      request.signal.throwIfAborted();
      const response = await serve(service, request);
      await travel();
      return isWatch(request) ? piecewise(response, travel) : response;
    },
    rest,
    step() {
      if (travelling.length === 0) return 'nothing';
      const ms = order.delayMs();
      if (ms > 0) pass(ms);
      const [arrive] = travelling.splice(order.pick(travelling.length), 1);
      arrive?.();
      return 'arrived';
    },
  };
}

const isWatch = ({ url }: Request): boolean => new URL(url).searchParams.has('watch');
