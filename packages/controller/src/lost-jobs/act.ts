// One action, one case; nothing is decided here.
import { AutoscalingRunnerSetKind } from '@muster/api';
import type { AutoscalingRunnerSet } from '@muster/api';
import type { ActionsClient } from '@muster/actions';
import type { KubeClient } from '@muster/kube';
import { accessOf } from '../access.ts';
import type { Deps } from '../deps.ts';
import { inParallel } from '../parallel.ts';
import { lookFor, runAgain } from './look.ts';
import type { Memory } from './memory.ts';
import type { Action, Finding, Lost, Observed } from './plan.ts';

export interface ActDeps {
  kube: KubeClient;
  github: Pick<Deps['github'], 'clientFor'>;
  clock: Deps['clock'];
  memory: Memory;
  metrics: Pick<Deps['metrics'], 'rerunSettled'>;
}

const AT_ONCE = 4;

export async function act(action: Action, { runnerSet }: Observed, deps: ActDeps): Promise<void> {
  switch (action.do) {
    case 'look':
      return inParallel(action.lost, AT_ONCE, (lost) =>
        ask(runnerSet, lost, { ...deps, how: (client) => lookFor(lost, client) }),
      );
    case 'rerun':
      return ask(runnerSet, action.lost, {
        ...deps,
        how: (client) => runAgain(action.lost, action.jobId, client),
      });
    case 'note':
      return note(action, runnerSet, deps);
    case 'wait':
      return;
  }
}

interface Asking extends ActDeps {
  how: (client: ActionsClient) => Promise<Finding>;
}

async function ask(
  runnerSet: AutoscalingRunnerSet,
  { runner }: Lost,
  { github, clock, memory, how }: Asking,
): Promise<void> {
  const access = accessOf(runnerSet.metadata.namespace, runnerSet.spec);
  // Without credentials there is no word, and others say so.
  const found = await github
    .clientFor(access)
    .then(how, (): Finding => ({ is: 'no-word', retryAfterMs: 0 }));
  memory.of(runnerSet).set(runner, { at: clock.now(), found });
}

async function note(
  { runner, rerun }: Action & { do: 'note' },
  runnerSet: AutoscalingRunnerSet,
  { kube, memory, metrics }: ActDeps,
): Promise<void> {
  const { namespace, name } = runnerSet.metadata;
  const status = { lostJobs: { [runner]: { rerun } } };
  await kube.patchStatus(AutoscalingRunnerSetKind, { namespace, name }, { status });
  if (rerun.state === 'Pending') return;
  memory.of(runnerSet).delete(runner);
  metrics.rerunSettled(runnerSet, rerun.state);
}
