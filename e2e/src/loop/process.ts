// A process that can be killed: its calls break off, its timers never fire, and it says no more.
import { mortalClock } from '@muster/kube/testing';
import type { Clock, Log } from '@muster/kube';
import type { Side } from './call.ts';
import type { Container } from './container.ts';
import type { Fetch } from './network.ts';

/** What a program of ours is given by the node. */
export interface ProgramOptions {
  clock: Clock;
  log: Log;
  /** Kubernetes, with the rights of the pod's ServiceAccount, and GitHub. */
  reach: (container: Container) => Promise<Record<Side, Fetch>>;
}

/** Of a process that was killed. */
export const EXIT_KILLED = 137;

export interface Process {
  readonly clock: Clock;
  /** The service as this process reaches it. */
  reach: (service: Fetch) => Fetch;
  /** What it logs while it lives. */
  says: (log: Log) => Log;
  /** As SIGKILL does: without a last word. */
  kill: () => void;
}

export function createProcess(clock: Clock): Process {
  const dead = new AbortController();
  return {
    clock: mortalClock(clock, dead.signal),
    reach: (service) => async (request) => {
      const signal = AbortSignal.any([request.signal, dead.signal]);
      const response = await service(new Request(request, { signal }));
      dead.signal.throwIfAborted();
      return response;
    },
    says: (log) => whileAlive(log, dead.signal),
    kill() {
      dead.abort();
    },
  };
}

function whileAlive(log: Log, dead: AbortSignal): Log {
  const at =
    (level: keyof Log): Log['info'] =>
    (message, fields) => {
      if (!dead.aborted) log[level](message, fields);
    };
  return { debug: at('debug'), info: at('info'), warn: at('warn'), error: at('error') };
}
