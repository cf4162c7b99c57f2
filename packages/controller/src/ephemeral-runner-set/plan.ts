// How many runners to make or take away, and why. Decides only; design.md, decision 6.
import { FINALIZERS, fillsSlot, hasFinalizer, isDeleting, replicasOf } from '@muster/api';
import type { EphemeralRunner, EphemeralRunnerSet, Failing } from '@muster/api';
import type { PlannedAction, WaitAction } from '@muster/kube';
import { accountOf } from './account.ts';
import { nextTroubleMs, troubleOf } from './blocked.ts';
import { censusInMs, offlineOf, zombiesOf } from './census.ts';
import type { Census } from './census.ts';
import { newNames } from './desired.ts';
import { failingOf, isSince, isStopped, roundLeftMs, trialInMs } from './failing.ts';
import { newsOf } from './news.ts';
import type { ProxyState, UnsettledProxy } from './proxy.ts';
import { differenceTo, isSpendingIn, reportOf } from './report.ts';
import type { Report } from './report.ts';
import type { Why } from '../removal.ts';
import { runnerPod } from '../runner-pod.ts';
import { cheapestFirst, mayGo } from './retire-order.ts';
import { rollStep, untriedOf } from './roll.ts';
import { tallyOf } from './tally.ts';
import type { Member, Tally } from './tally.ts';
import { isOfTemplate, templateHash } from './template.ts';

export interface Policy {
  maxRunners: number;
  /** `eventual`: no runner of a new template before the last one of the old is gone. */
  strategy: 'immediate' | 'eventual';
  /** How long a pod may find no node before that counts. */
  unschedulableMs: number;
  /** How long a runner may run before GitHub must count it online. */
  onlineMs: number;
}

export interface Observed {
  set: EphemeralRunnerSet;
  members: readonly Member[];
  proxy: ProxyState;
  policy: Policy;
  /** What GitHub last said of those that wait for a job. */
  census: Census | undefined;
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
        | { do: 'clear'; runners: EphemeralRunner[]; why: Why }
        /** Asks GitHub whether it counts them online. */
        | { do: 'take-census'; tally: Tally }
        /** Asks GitHub to let go of so many of them, then deletes those; `renew` once a census. */
        | { do: 'retire' | 'renew'; atMost: number; candidates: Member[] }
      ));

/** What was observed, counted. */
interface View extends Observed {
  tally: Tally;
  failing: Failing | undefined;
  onlineMs: number;
}

const REPORT_COUNTS_MS = 2_000;
/** Runners that are over wait for it. */
const REPORT_ACCOUNT_MS = 1_000;
const BUSY_MS = 30_000;
const MAYBE_BUSY = 'GitHub may have called some of them busy';
const PROXY_MS = 30_000;

export function plan(observed: Observed): Action[] {
  const { set, now } = observed;
  const tally = tallyOf(observed);
  const { onlineMs } = observed.policy;
  const view = { ...observed, tally, failing: failingOf({ set, tally, now }), onlineMs };
  if (isDeleting(set)) return drain(view);
  if (!hasFinalizer(set, FINALIZERS.set)) {
    return [{ do: 'hold', because: 'its runners must be deregistered before it goes' }];
  }
  const cleared = clear(view);
  // What is cleared still fills its slot: the next pass sees it leaving, and counts again.
  const scaled = cleared.length > 0 ? cleared : scale(view);
  const acts = [...writeProxy(observed.proxy), ...scaled];
  return withOneWait([...report(view, acts), ...acts, ...wake(view), ...census(view)]);
}

/** The soonest: what the others wait for is looked at then too. */
function withOneWait(actions: readonly Action[]): Action[] {
  const waits = actions.filter((action) => action.do === 'wait').sort((a, b) => a.ms - b.ms);
  return [...actions.filter((action) => action.do !== 'wait'), ...waits.slice(0, 1)];
}

/** Its runners' own deletion asks GitHub and spares who has a job, so all of them may be deleted. */
function drain(view: View): Action[] {
  const { set, members } = view;
  if (!hasFinalizer(set, FINALIZERS.set)) return [];
  const left = members.map(({ runner }) => runner).filter((runner) => !isDeleting(runner));
  const acts = clearing(left, 'set-deleted', 'the set is being deleted');
  if (members.length > 0) return [...report(view, acts), ...acts];
  const because = 'no runner is left';
  const settle: Action = { do: 'settle-proxy-secret', proxy: { is: 'unwanted' }, because };
  return [...(set.spec.ephemeralRunnerSpec.proxy ? [settle] : []), { do: 'release', because }];
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

const clearing = (runners: EphemeralRunner[], why: Why, because: string): Action[] =>
  runners.length > 0 ? [{ do: 'clear', runners, why, because }] : [];

function clear(view: View): Action[] {
  const { set, members, tally, failing, now } = view;
  const finished = new Set(set.spec.finishedRunners);
  const over = members.filter(
    (member) =>
      finished.has(member.runner.metadata.name) && fillsSlot(member.runner) && !endsItself(member),
  );
  const mayTry = roundLeftMs(failing, now) <= 0;
  const template = templateHash(set);
  // What was wrong with one of an older template may be right now.
  const failed = tally.failed.filter(({ runner }) => mayTry || !isOfTemplate(runner, template));
  return [
    ...clearing([...over, ...tally.succeeded].map(runnerOf), 'finished', 'their jobs are over'),
    ...clearing(
      tally.outdated.map(runnerOf),
      'outdated',
      'their image is too old, and they are counted',
    ),
    ...clearing(failed.map(runnerOf), 'failed', 'it is time to try others in their place'),
    ...zombies(view),
  ];
}

/** Its own reconciler deletes it at this moment. */
function endsItself({ pod }: Member): boolean {
  const state = runnerPod(pod);
  return state.is === 'finished' && state.exitCode === 0;
}

/** No job can come to one that GitHub does not know. */
function zombies(view: View): Action[] {
  const gone = zombiesOf(view).map(runnerOf);
  const event = { type: 'Warning', reason: 'RunnersGone' } as const;
  return clearing(gone, 'unknown', 'GitHub does not know them any more').map((action) => ({
    ...action,
    event,
  }));
}

const runnerOf = ({ runner }: Member): EphemeralRunner => runner;

function scale(view: View): Action[] {
  const { set, tally, proxy, policy, failing } = view;
  if (proxy.is === 'missing') return [];
  const wanted = replicasOf(set);
  const { spent } = accountOf(view);
  const because = tellCount(tally.total, wanted, spent);
  const { idle, busy, leaving } = tally.old;
  const isDraining =
    policy.strategy === 'eventual' && idle.length + busy.length + leaving.length > 0;
  if (isDraining) return retire(view, idle.length, 'new ones wait until the old ones are gone');
  const missing = Math.min(wanted - spent - tally.total, policy.maxRunners - tally.live);
  if (isStopped(failing)) return [...trial(view), ...shrink(view)];
  if (missing > 0) return [create(view, missing, because)];
  const shrunk = shrink(view);
  if (shrunk.length > 0) return shrunk;
  const rolled = roll(view, wanted - spent);
  return rolled.length > 0 ? rolled : renew(view);
}

const tellCount = (total: number, wanted: number, spent: number): string =>
  spent === 0
    ? `${total} of ${wanted} wanted`
    : `${total} of ${wanted} wanted, ${spent} had their turn`;

function create(view: View, count: number, because: string): Action {
  const { spent, ended = [] } = accountOf(view);
  const taken = new Set([...view.members.map(({ runner }) => runner.metadata.name), ...ended]);
  return { do: 'create', names: newNames(view.set, count, { from: spent, taken }), because };
}

/** Whether or not a job waits: as long as the image is thought too old GitHub gives us none. */
function trial(view: View): Action[] {
  const { tally, failing, policy, set, now } = view;
  if (failing === undefined || trialInMs(failing, now) > 0) return [];
  const template = templateHash(set);
  const isOnTrial = [...tally.pending, ...tally.running].some(
    (member) => isOfTemplate(member.runner, template) && isSince(failing, member),
  );
  if (isOnTrial || policy.maxRunners <= tally.live) return [];
  return [create(view, 1, 'its image may be accepted by now')];
}

/**
 * A numbered patch can cross a runner that is just finishing, so it never takes runners away. Neither does a
 * spent slot: only what was asked for does.
 */
function shrink(view: View): Action[] {
  const { set, tally } = view;
  const wanted = replicasOf(set);
  const surplus = tally.total - untriedOf(tally) - wanted;
  if (set.spec.patchID !== 0 || surplus <= 0) return [];
  return retire(view, surplus, tellCount(tally.total, wanted, 0));
}

function roll(view: View, wanted: number): Action[] {
  const { tally, failing, policy } = view;
  const step = rollStep({ tally, failing, wanted, maxRunners: policy.maxRunners });
  if (step === undefined) return [];
  if (step.create > 0) return [create(view, step.create, step.because)];
  return retire({ ...view, members: tally.old.idle }, step.retire, step.because);
}

/** Replaces idle runners that GitHub does not count online, while it counts others. */
function renew(view: View): Action[] {
  const offline = offlineOf(view);
  if (offline === undefined) return [];
  const because = 'GitHub counts fewer of them online than run here';
  return [
    { do: 'renew', ...offline, because },
    { do: 'wait', ms: BUSY_MS, because: MAYBE_BUSY },
  ];
}

/** Once it has been taken the set is looked at again. */
function census(view: View): Action[] {
  const ms = censusInMs(view);
  if (ms === undefined) return [];
  if (ms > 0) return [{ do: 'wait', ms, because: 'idle runners are to be counted at GitHub' }];
  const { tally } = view;
  return [
    { do: 'take-census', tally, because: 'idle runners have waited for a while' },
    { do: 'wait', ms: 1, because: 'GitHub was asked for its idle runners' },
  ];
}

function retire({ set, members, failing }: View, atMost: number, because: string): Action[] {
  const candidates = members
    .filter((member) => mayGo(member) && !(isStopped(failing) && isSince(failing, member)))
    .sort(cheapestFirst(templateHash(set)));
  if (candidates.length === 0) return [];
  return [
    { do: 'retire', atMost, candidates, because },
    { do: 'wait', ms: BUSY_MS, because: MAYBE_BUSY },
  ];
}

/**
 * The account goes first: were we to end between it and the runners, they would be made again and never
 * twice. Numbers alone are written at most once a second.
 */
function report(view: View, acts: readonly Action[]): Action[] {
  const { set, policy, reportedAt, now } = view;
  const trouble = troubleOf(view);
  const facts = { ...view, slots: accountOf(view), strategy: policy.strategy, trouble };
  const status = reportOf(facts);
  const difference = differenceTo(set, status);
  if (difference === 'none') return [];
  const isSpending = isSpendingIn(set, status);
  const every = isSpending ? REPORT_ACCOUNT_MS : REPORT_COUNTS_MS;
  const left = reportedAt === undefined ? 0 : reportedAt + every - now;
  const creates = acts.some((action) => action.do === 'create');
  if (left <= 0 || difference === 'urgent' || (creates && isSpending)) {
    return [{ do: 'report', status, because: tellStatus(status), ...newsOf(set, status) }];
  }
  return [{ do: 'wait', ms: left, because: 'its status was written a moment ago' }];
}

const tellStatus = ({
  pendingEphemeralRunners: pending = 0,
  runningEphemeralRunners: running = 0,
  failedEphemeralRunners: failed = 0,
}: Report): string => `${pending} pending, ${running} running, ${failed} failed`;

/** What no event will tell of. */
function wake(view: View): Action[] {
  const { proxy, failing, tally, now } = view;
  const waits: [number | undefined, string][] = [
    [nextTroubleMs(view), 'a pod finds no node'],
    [proxy.is === 'missing' ? PROXY_MS : undefined, proxy.is === 'missing' ? proxy.message : ''],
    [failing && nextTryMs(failing, now), 'runners that could not run are there'],
    [failing && tally.running.length > 0 ? WELL_MS : undefined, 'one of them may be well'],
  ];
  return waits.flatMap(([ms, because]) =>
    ms === undefined || ms <= 0 ? [] : [{ do: 'wait', ms, because } as const],
  );
}

const WELL_MS = 60_000;

const nextTryMs = (failing: Failing, now: number): number =>
  isStopped(failing) ? trialInMs(failing, now) : roundLeftMs(failing, now);
