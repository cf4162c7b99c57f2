// The program of the operator's container: the real controller, with what its pod gives it.
import { createController, parseConfig } from '@muster/controller';
import { createKubeClient } from '@muster/kube';
import type { Side } from './call.ts';
import { containerOf } from './container.ts';
import type { Container } from './container.ts';
import type { Program, Running } from './kubelet.ts';
import type { Fetch } from './network.ts';
import { createProcess, EXIT_KILLED } from './process.ts';
import type { ProgramOptions } from './process.ts';

export const managerProgram =
  (options: ProgramOptions): Program =>
  async (container) =>
    run(container, { ...options, ...(await options.reach(container)) });

function run(
  { pod, env }: Container,
  { kubernetes, clock: wall, log, github }: ProgramOptions & Record<Side, Fetch>,
): Running {
  const process = createProcess(wall);
  const { clock } = process;
  const client = createKubeClient({ fetch: process.reach(kubernetes), clock });
  const controller = createController({
    config: parseConfig({ args: containerOf(pod).args ?? [], env }),
    kube: client,
    clock,
    log: process.says(log),
    instance: pod.metadata.name,
    fetch: process.reach(github),
  });
  const stop = new AbortController();
  const { promise: ended, resolve } = Promise.withResolvers<number>();
  void Promise.all([controller.watch(stop.signal), controller.lead(stop.signal)])
    .then(() => Promise.all([controller.close(), client.close()]))
    .then(() => {
      resolve(0);
    });
  return {
    ended,
    stop: () => {
      stop.abort();
    },
    kill: () => {
      process.kill();
      resolve(EXIT_KILLED);
    },
  };
}
