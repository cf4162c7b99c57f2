// Startup, readiness and liveness probes of one run of a container.
import { fired, sleep } from './clock.ts';
import { perform } from './handlers.ts';
import type { Reach, Verdict } from './handlers.ts';
import type { Probe } from './pod.ts';

type ProbeKind = 'Startup' | 'Readiness' | 'Liveness';

export interface ProbeTarget {
  reach: Reach;
  started(): void;
  ready(ready: boolean): void;
  failed(kind: ProbeKind, message: string): void;
  dead(kind: ProbeKind, probe: Probe): void;
}

/**
 * Probes until the container has ended. Once it is being ended only its readiness is asked for, as
 * nothing else matters any more.
 */
export async function probe(
  target: ProbeTarget,
  { ending, ended }: { ending: AbortSignal; ended: AbortSignal },
): Promise<void> {
  const { startupProbe, readinessProbe, livenessProbe } = target.reach.container;
  if (startupProbe) {
    const outcome = await settle(startupProbe, target, ending);
    if (ending.aborted) return;
    if (outcome === 'failing') {
      target.dead('Startup', startupProbe);
      return;
    }
    target.started();
  }
  await Promise.all([
    readinessProbe && watchReadiness(readinessProbe, target, ended),
    livenessProbe && watchLiveness(livenessProbe, target, ending),
    fired(ended),
  ]);
}

async function watchReadiness(
  probe: Probe,
  target: ProbeTarget,
  signal: AbortSignal,
): Promise<void> {
  let isReady = false;
  await follow('Readiness', probe, {
    target,
    signal,
    turned: (outcome) => {
      if ((outcome === 'passing') !== isReady) target.ready((isReady = !isReady));
      return 'go on';
    },
  });
}

async function watchLiveness(
  probe: Probe,
  target: ProbeTarget,
  signal: AbortSignal,
): Promise<void> {
  await follow('Liveness', probe, {
    target,
    signal,
    turned: (outcome) => {
      if (outcome === 'passing') return 'go on';
      target.dead('Liveness', probe);
      return 'stop';
    },
  });
}

type Outcome = 'passing' | 'failing';

interface Following {
  target: ProbeTarget;
  signal: AbortSignal;
  /** Told each time as many answers in a row as the threshold asks agree. */
  turned(outcome: Outcome): 'go on' | 'stop';
}

async function settle(probe: Probe, target: ProbeTarget, signal: AbortSignal): Promise<Outcome> {
  let last: Outcome = 'failing';
  const turned = (outcome: Outcome): 'stop' => {
    last = outcome;
    return 'stop';
  };
  await follow('Startup', probe, { target, signal, turned });
  return last;
}

async function follow(kind: ProbeKind, probe: Probe, following: Following): Promise<void> {
  const { target, signal } = following;
  const { clock } = target.reach;
  const { initialDelaySeconds = 0, periodSeconds = 10 } = probe;
  const isEnough = rowCounter(probe);
  await sleep(clock, initialDelaySeconds * 1000, signal);
  for (;;) {
    const problem = await ask(probe, target.reach, signal);
    // While the container ends, its silence means nothing.
    if (signal.aborted) return;
    if (problem !== undefined) target.failed(kind, problem);
    const outcome: Outcome = problem === undefined ? 'passing' : 'failing';
    if (isEnough(outcome) && following.turned(outcome) === 'stop') return;
    await sleep(clock, periodSeconds * 1000, signal);
  }
}

/** Counts equal answers in a row, and tells when there are as many as the probe asks for. */
function rowCounter({ successThreshold = 1, failureThreshold = 3 }: Probe) {
  let last: Outcome | undefined;
  let length = 0;
  return (outcome: Outcome): boolean => {
    length = outcome === last ? length + 1 : 1;
    last = outcome;
    return length >= (outcome === 'passing' ? successThreshold : failureThreshold);
  };
}

async function ask(probe: Probe, reach: Reach, signal: AbortSignal): Promise<Verdict> {
  const late = new AbortController();
  const seconds = probe.timeoutSeconds ?? 1;
  const cancel = reach.clock.setTimeout(() => {
    late.abort();
  }, seconds * 1000);
  try {
    return await perform(probe, reach, AbortSignal.any([signal, late.signal]));
  } catch (error) {
    if (late.signal.aborted) return `no answer within ${seconds}s`;
    return error instanceof Error ? error.message : String(error);
  } finally {
    cancel();
  }
}
