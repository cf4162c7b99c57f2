// What a set says of itself to people. Decides only.
import { isDeleting } from '@muster/api';
import type { Condition, EphemeralRunnerSet, Failing, Slots } from '@muster/api';
import { timestamp } from '../time.ts';
import type { Trouble } from './blocked.ts';
import type { Census } from './census.ts';
import type { ProxyState } from './proxy.ts';
import { isFailing } from './roll.ts';
import type { Tally } from './tally.ts';

export interface Facts {
  set: EphemeralRunnerSet;
  tally: Tally;
  slots: Slots;
  proxy: ProxyState;
  failing: Failing | undefined;
  trouble: Trouble | undefined;
  strategy: 'immediate' | 'eventual';
  census: Census | undefined;
  now: number;
}

type Verdict = Pick<Condition, 'status' | 'reason' | 'message'>;

const no = (reason: string, message: string): Verdict => ({ status: 'False', reason, message });

export const conditionsOf = (facts: Facts): Condition[] => [
  condition('Ready', readiness(facts), facts),
  condition('RolledOut', rollout(facts), facts),
  ...(facts.census ? [condition('RunnersOnline', CENSUS[facts.census.is], facts)] : []),
];

const CENSUS: Record<Census['is'], Verdict> = {
  online: { status: 'True', reason: 'Online', message: 'GitHub counts the idle runners online' },
  offline: no('Offline', 'GitHub counts fewer runners online than run here'),
  outage: no('Outage', 'GitHub counts none of the runners online that run here; none is replaced'),
  unreachable: {
    status: 'Unknown',
    reason: 'NoAnswer',
    message: 'GitHub does not say which runners are online; none is replaced',
  },
};

const condition = (type: string, verdict: Verdict, { set, now }: Facts): Condition => ({
  type,
  ...verdict,
  lastTransitionTime: timestamp(now),
  ...(set.metadata.generation !== undefined && { observedGeneration: set.metadata.generation }),
});

function readiness({ set, tally, proxy, trouble }: Facts): Verdict {
  if (isDeleting(set)) return no('Draining', 'its runners are on their way out');
  if (proxy.is === 'missing') return no('ProxyNotReady', proxy.message);
  if (trouble) return no(trouble.reason, trouble.message);
  const [failed] = tally.failed;
  if (failed !== undefined) {
    const { reason = 'RunnersFail', message = 'a runner failed' } = failed.runner.status ?? {};
    return no(reason, `${message}; others are tried in a while`);
  }
  return { status: 'True', reason: 'Scaling', message: 'it makes runners as it is asked to' };
}

function rollout({ tally, failing, strategy }: Facts): Verdict {
  const { idle, busy, leaving } = tally.old;
  if (idle.length + busy.length + leaving.length === 0) {
    return { status: 'True', reason: 'RolledOut', message: 'its runners are of its template' };
  }
  if (strategy === 'eventual') {
    return no('Draining', 'new runners wait until the last one of the older template is gone');
  }
  if (isFailing({ tally, failing })) {
    return no('RollStopped', 'idle runners of the older template stay: those of the new one fail');
  }
  if (idle.length > 0) {
    return no('Rolling', 'idle runners of the older template go as new ones get ready');
  }
  return no('JobsLeft', 'runners of the older template finish their jobs');
}
