// A listener in process that can be killed as by SIGKILL: its calls break off, its timers never fire,
// and nothing that was on its way to it arrives.
import { mortalClock } from '@muster/kube/testing';
import type { Clock } from '@muster/kube';

export type Fetch = (request: Request) => Promise<Response>;

/** At which of its requests it dies: before it is sent, or before its answer arrives. */
export interface Death {
  request: number;
  when: 'before' | 'after';
}

export interface Process {
  readonly clock: Clock;
  /** The service as this process reaches it. */
  reach: (service: Fetch) => Fetch;
  /** What it has asked for, `PATCH /path`. */
  readonly requests: string[];
  readonly isDead: boolean;
  kill(): void;
}

const NEVER = new Promise<never>(() => undefined);

export function createProcess(clock: Clock, death?: Death): Process {
  const dead = new AbortController();
  const requests: string[] = [];
  const kill = (): void => {
    dead.abort();
  };
  const isDead = (): boolean => dead.signal.aborted;
  const isTime = (request: number, when: Death['when']): boolean =>
    death?.request === request && death.when === when;
  return {
    clock: mortalClock(clock, dead.signal),
    reach: (service) => async (request) => {
      requests.push(`${request.method} ${new URL(request.url).pathname}`);
      const number = requests.length;
      if (isTime(number, 'before')) kill();
      if (isDead()) return NEVER;
      const signal = AbortSignal.any([request.signal, dead.signal]);
      const outcome = await service(new Request(request, { signal })).then(
        (response) => ({ response }),
        (error: unknown) => ({ error }),
      );
      if (isTime(number, 'after')) kill();
      if (isDead()) return NEVER;
      if ('error' in outcome) throw outcome.error;
      return outcome.response;
    },
    requests,
    get isDead() {
      return isDead();
    },
    kill,
  };
}
