// How many runners to make or take away, and why. Decides only; design.md, decision 6.
import {
  byAge,
  fillsSlot,
  FINALIZERS,
  hasFinalizer,
  isDeleting,
  isFailed,
  isIdle,
  replicasOf,
} from '@muster/api';
import type { EphemeralRunner, EphemeralRunnerSet } from '@muster/api';
import type { PlannedAction, WaitAction } from '@muster/kube';
import { runnerPod } from '../runner-pod.ts';
import { newNames, templateHash } from './desired.ts';
import type { ProxyState, UnsettledProxy } from './proxy.ts';
import { differenceTo, reportOf } from './report.ts';
import type { Report } from './report.ts';
import { expiredOf, nextExpiryMs } from './spoiled.ts';
import { accountOf, tallyOf } from './tally.ts';
import type { Member, Tally } from './tally.ts';

export interface Observed {
  set: EphemeralRunnerSet;
  members: readonly Member[];
  proxy: ProxyState;
  /** When this process last wrote the status. */
  reportedAt: number | undefined;
  now: number;
}

export type Action =
  | WaitAction
  | (PlannedAction &
      (
        | { do: 'hold' | 'release' }
        | { do: 'settle-proxy-secret'; proxy: UnsettledProxy }
        | { do: 'report'; status: Report }
        | { do: 'create'; names: string[] }
        /** Deletes them; their own reconciler asks GitHub. */
        | { do: 'clear'; runners: EphemeralRunner[] }
        /** Asks GitHub to let go of so many of them, then deletes those. */
        | { do: 'retire'; atMost: number; candidates: Member[] }
      ));

const REPORT_EVERY_MS = 1_000;
const BUSY_MS = 30_000;
const PROXY_MS = 30_000;

export function plan(observed: Observed): Action[] {
  const { set } = observed;
  if (isDeleting(set)) return drain(observed);
  if (!hasFinalizer(set, FINALIZERS.set)) {
    return [{ do: 'hold', because: 'its runners must be deregistered before it goes' }];
  }
  const tally = tallyOf(observed.members);
  const cleared = clear(observed, tally);
  // What is cleared still fills its slot: the next pass sees it leaving, and counts again.
  const scaled = cleared.length > 0 ? cleared : scale(observed, tally);
  const acts = [...writeProxy(observed.proxy), ...scaled];
  return [...report(observed, tally, acts), ...acts, ...wake(observed, tally)];
}

/** Its runners' own deletion asks GitHub and spares who has a job, so all of them may be deleted. */
function drain(observed: Observed): Action[] {
  const { set, members } = observed;
  if (!hasFinalizer(set, FINALIZERS.set)) return [];
  const left = members.map(({ runner }) => runner).filter((runner) => !isDeleting(runner));
  const acts: Action[] = [];
  if (left.length > 0)
    acts.push({ do: 'clear', runners: left, because: 'the set is being deleted' });
  if (members.length > 0) return [...report(observed, tallyOf(members), acts), ...acts];
  return [
    ...(set.spec.ephemeralRunnerSpec.proxy
      ? [
          {
            do: 'settle-proxy-secret',
            proxy: { is: 'unwanted' },
            because: 'no runner is left',
          } as const,
        ]
      : []),
    { do: 'release', because: 'no runner is left' },
  ];
}

function writeProxy(proxy: ProxyState): Action[] {
  switch (proxy.is) {
    case 'absent':
      return [{ do: 'settle-proxy-secret', proxy, because: 'its runners reach GitHub by a proxy' }];
    case 'stale':
      return [{ do: 'settle-proxy-secret', proxy, because: 'the proxy settings changed' }];
    case 'none':
    case 'current':
    case 'missing':
      return [];
  }
}

function clear({ set, members, now }: Observed, tally: Tally): Action[] {
  const finished = new Set(set.spec.finishedRunners);
  const over = members
    .filter(({ runner }) => finished.has(runner.metadata.name) && fillsSlot(runner))
    .concat(tally.succeeded)
    .map(({ runner }) => runner);
  const spoiled = expiredOf(tally, { template: templateHash(set), now });
  return [
    ...(over.length > 0
      ? [{ do: 'clear', runners: over, because: 'their jobs are over' } as const]
      : []),
    ...(spoiled.length > 0
      ? [
          {
            do: 'clear',
            runners: spoiled,
            because: 'it is time to try others in their place',
          } as const,
        ]
      : []),
  ];
}

function scale(observed: Observed, tally: Tally): Action[] {
  const { set, members, proxy } = observed;
  const wanted = replicasOf(set);
  const { spent, ended = [] } = accountOf(observed);
  const missing = wanted - spent - tally.total;
  if (missing > 0) {
    if (proxy.is === 'missing' || tally.outdated.length > 0) return [];
    const taken = new Set([...members.map(({ runner }) => runner.metadata.name), ...ended]);
    const names = newNames(set, missing, { from: spent, taken });
    return [{ do: 'create', names, because: tellCount(tally.total, wanted, spent) }];
  }
  // A numbered patch can cross a runner that is just finishing, so it never takes runners away. Neither
  // does a spent slot: only what was asked for does.
  const surplus = tally.total - wanted;
  if (surplus <= 0) return [];
  return set.spec.patchID === 0 ? retire(members, surplus, tellCount(tally.total, wanted, 0)) : [];
}

const tellCount = (total: number, wanted: number, spent: number): string =>
  spent === 0
    ? `${total} of ${wanted} wanted`
    : `${total} of ${wanted} wanted, ${spent} had their turn`;

function retire(members: readonly Member[], atMost: number, because: string): Action[] {
  const candidates = members.filter(mayGo).sort(cheapestFirst);
  if (candidates.length === 0) return [];
  return [
    { do: 'retire', atMost, candidates, because },
    { do: 'wait', ms: BUSY_MS, because: 'GitHub may have called some of them busy' },
  ];
}

/** As far as we know; GitHub has the last word. One whose container has ended is leaving by itself. */
const mayGo = ({ runner, pod }: Member): boolean =>
  isDeleting(runner)
    ? false
    : isFailed(runner) || (isIdle(runner) && runnerPod(pod).is !== 'finished');

/** Failed, without a pod, pending, running; the newest of each first. */
const cheapestFirst = (a: Member, b: Member): number =>
  rank(a) - rank(b) || byAge(b.runner, a.runner);

function rank({ runner, pod }: Member): number {
  if (isFailed(runner)) return 0;
  const { is } = runnerPod(pod);
  return is === 'absent' ? 1 : is === 'running' ? 3 : 2;
}

/**
 * The account goes first: were we to end between it and the runners, they would be made again and never
 * twice. Numbers alone are written at most once a second.
 */
function report(observed: Observed, tally: Tally, acts: readonly Action[]): Action[] {
  const { set, proxy, reportedAt, now } = observed;
  const status = reportOf({ set, tally, slots: accountOf(observed), proxy, now });
  const difference = differenceTo(set, status);
  if (difference === 'none') return [];
  const left = reportedAt === undefined ? 0 : reportedAt + REPORT_EVERY_MS - now;
  const isSpending = status.slots?.spent !== set.status?.slots?.spent;
  const creates = acts.some((action) => action.do === 'create');
  if (left <= 0 || difference === 'urgent' || (creates && isSpending)) {
    return [{ do: 'report', status, because: tellStatus(status) }];
  }
  return [{ do: 'wait', ms: left, because: 'its status was written a moment ago' }];
}

const tellStatus = ({
  pendingEphemeralRunners: pending = 0,
  runningEphemeralRunners: running = 0,
  failedEphemeralRunners: failed = 0,
}: Report): string => `${pending} pending, ${running} running, ${failed} failed`;

/** What no event will tell of. */
function wake({ set, proxy, now }: Observed, tally: Tally): Action[] {
  const ms = nextExpiryMs(tally, { template: templateHash(set), now });
  return [
    ...(ms === undefined
      ? []
      : [{ do: 'wait', ms, because: 'a runner that could not run is there' } as const]),
    ...(proxy.is === 'missing'
      ? [{ do: 'wait', ms: PROXY_MS, because: proxy.message } as const]
      : []),
  ];
}
