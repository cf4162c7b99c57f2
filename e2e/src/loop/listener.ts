// The program of a listener's container: the real listener, with what its pod gives it.
import { createActionsClient } from '@muster/actions';
import { LISTENER_CONFIG, parseListenerConfig } from '@muster/api';
import type { ListenedScaleSet } from '@muster/api';
import { createKubeClient, sleep } from '@muster/kube';
import { createMetrics, listen } from '@muster/listener';
import type { Side } from './call.ts';
import type { Container } from './container.ts';
import type { Program } from './kubelet.ts';
import type { Fetch } from './network.ts';
import { createProcess, EXIT_KILLED } from './process.ts';
import type { Process, ProgramOptions } from './process.ts';

export interface ListenerOptions extends ProgramOptions {
  random: () => number;
}

const EXIT_FAILED = 1;

export const listenerProgram =
  (options: ListenerOptions): Program =>
  async (container) => {
    const process = createProcess(options.clock);
    const sides = await options.reach(container);
    const stop = new AbortController();
    const { promise: ended, resolve } = Promise.withResolvers<number>();
    run(container, { ...options, ...sides, process }, stop.signal).then(
      () => {
        resolve(0);
      },
      (error: unknown) => {
        process.says(options.log).error('the listener failed', { error });
        resolve(EXIT_FAILED);
      },
    );
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
  };

interface Parts extends ListenerOptions, Record<Side, Fetch> {
  process: Process;
}

async function run(container: Container, parts: Parts, signal: AbortSignal): Promise<void> {
  const { env, files } = container;
  const config = parseListenerConfig(files[env[LISTENER_CONFIG.env] ?? ''] ?? '');
  await Promise.all(config.scaleSets.map((set) => listenFor(set, container, { ...parts, signal })));
}

async function listenFor(
  set: ListenedScaleSet,
  { pod, env }: Container,
  { process, kubernetes, log, random, github, signal }: Parts & { signal: AbortSignal },
): Promise<void> {
  const { clock } = process;
  const kube = createKubeClient({ fetch: process.reach(kubernetes), clock });
  const actions = createActionsClient({
    configUrl: set.configUrl,
    credentials: set.credentials,
    userAgent: { version: 'test', subsystem: 'ghalistener', scaleSetId: set.scaleSetId },
    fetch: process.reach(github),
    now: () => clock.now(),
    sleep: (ms, until) => sleep(ms, { clock, signal: until }),
    random,
  });
  await listen(
    set,
    {
      actions,
      kube,
      clock,
      log: process.says(log),
      metrics: createMetrics({ log, elapsedMs: () => clock.elapsed() }),
      instance: env['POD_UID'] ?? '',
      owner: pod.metadata.name,
      random,
    },
    signal,
  );
  await Promise.all([actions.close(), kube.close()]);
}
