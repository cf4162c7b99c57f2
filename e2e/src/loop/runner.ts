// The program of a runner's container: it takes one job, does it in stepped time, and ends.
import { RUNNER_ENV } from '@muster/api';
import type { Clock } from '@muster/kube';
import type { SimulatedRunner, Simulator } from '@muster/simulator';
import type { Program, Running } from './kubelet.ts';
import { EXIT_KILLED } from './process.ts';

export interface RunnerOptions {
  simulator: Simulator;
  clock: Clock;
  jobMs: number;
  /** Whether the runner that starts as the so-manieth ends at once, before GitHub hears of it. */
  isBroken: (start: number) => boolean;
}

const EXIT_FAILED = 1;

export function runnerProgram(options: RunnerOptions): Program {
  let starts = 0;
  return ({ env }) => {
    starts += 1;
    if (options.isBroken(starts)) return Promise.resolve(hasEnded(EXIT_FAILED));
    const runner = connect(options.simulator, env[RUNNER_ENV.jitConfig] ?? '');
    return Promise.resolve(runner ? serve(runner, options) : hasEnded(EXIT_FAILED));
  };
}

/** Undefined when GitHub does not know it any more. */
function connect(simulator: Simulator, jitConfig: string): SimulatedRunner | undefined {
  try {
    return simulator.runners.connect(jitConfig);
  } catch {
    return undefined;
  }
}

const hasEnded = (exitCode: number): Running => ({
  ended: Promise.resolve(exitCode),
  stop: () => undefined,
  kill: () => undefined,
});

function serve(runner: SimulatedRunner, { simulator, clock, jobMs }: RunnerOptions): Running {
  const { promise: ended, resolve } = Promise.withResolvers<number>();
  let isOver = false;
  let cancel = (): void => undefined;

  const end = (exitCode: number, last: () => void): void => {
    if (isOver) return;
    isOver = true;
    unlisten();
    cancel();
    last();
    resolve(exitCode);
  };
  const work = (): void => {
    // It may have been taken back meanwhile.
    if (runner.job === undefined) return;
    runner.start();
    cancel = clock.setTimeout(() => {
      end(0, () => {
        runner.complete();
      });
    }, jobMs);
  };
  const look = (): void => {
    if (runner.job?.state !== 'assigned') return;
    cancel();
    // Not from within the news that it has a job.
    cancel = clock.setTimeout(work, 0);
  };
  const unlisten = simulator.jobs.onChange(look);
  look();

  return {
    ended,
    stop: () => {
      end(0, () => {
        if (runner.job?.state === 'running') runner.complete({ result: 'canceled' });
        else runner.leave();
      });
    },
    kill: () => {
      end(EXIT_KILLED, () => {
        runner.fallSilent();
      });
    },
  };
}
