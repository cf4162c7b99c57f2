// A pod's status from what its containers do. Decides only; the times are handed in.
import { isSidecar } from './pod.ts';
import type { Condition, Phase, Pod, PodStatus } from './pod.ts';
import { containerStatus, hasRun, hasSucceeded } from './container-record.ts';
import type { ContainerRecord } from './container-record.ts';

export interface PodFacts {
  pod: Pod;
  init: readonly ContainerRecord[];
  main: readonly ContainerRecord[];
  podIp: string;
  startTime: string;
  /** Folders, volumes and address are there. */
  prepared: boolean;
  /** The pod as a whole failed, whatever its containers say. */
  failure?: { reason: string; message: string };
  now: string;
}

export function podStatus(facts: PodFacts): PodStatus {
  const { init, main, podIp, failure } = facts;
  const phase = phaseOf(facts);
  return {
    phase,
    ...(phase === 'Failed' ? failure : {}),
    hostIP: '127.0.0.1',
    hostIPs: [{ ip: '127.0.0.1' }],
    podIP: podIp,
    podIPs: [{ ip: podIp }],
    startTime: facts.startTime,
    conditions: conditionsOf(facts, phase),
    ...(init.length === 0 ? {} : { initContainerStatuses: init.map(initStatus) }),
    containerStatuses: main.map(containerStatus),
  };
}

// An init container that has done its work counts as ready.
const initStatus = (record: ContainerRecord): ReturnType<typeof containerStatus> => ({
  ...containerStatus(record),
  ready: isSidecar(record.container) ? record.ready : hasSucceeded(record),
});

const isInitialized = (record: ContainerRecord): boolean =>
  isSidecar(record.container)
    ? record.started || (record.final && hasRun(record))
    : hasSucceeded(record);

export function phaseOf({ init, main, failure }: PodFacts): Phase {
  // Whatever befell it, a pod is not over while something of it runs.
  const isRunning = [...init, ...main].some(({ state }) => state.running);
  if (failure && !isRunning) return 'Failed';
  const steps = init.filter(({ container }) => !isSidecar(container));
  if (steps.some((step) => step.final && !hasSucceeded(step))) return failedOrPending(steps);
  if (!main.some(hasRun)) return 'Pending';
  const sidecars = init.filter(({ container }) => isSidecar(container));
  if (![...main, ...sidecars].every(({ final }) => final)) return 'Running';
  return main.every(hasSucceeded) ? 'Succeeded' : 'Failed';
}

/** A pod that was deleted before its first step ran is still pending when it goes. */
const failedOrPending = (steps: readonly ContainerRecord[]): Phase =>
  steps.some((step) => step.final && hasRun(step)) ? 'Failed' : 'Pending';

function conditionsOf(facts: PodFacts, phase: Phase): Condition[] {
  const { pod, init, main, now } = facts;
  const unready = main.filter(({ ready }) => !ready).map(({ container }) => container.name);
  const containersReady = readiness(unready, phase);
  const wanted: Condition[] = [
    { type: 'PodReadyToStartContainers', status: hasSandbox(facts, phase) ? 'True' : 'False' },
    initialized(init, phase),
    { type: 'Ready', ...podReadiness(pod, containersReady) },
    { type: 'ContainersReady', ...containersReady },
    { type: 'PodScheduled', status: 'True' },
  ];
  const before = new Map((pod.status?.conditions ?? []).map((known) => [known.type, known]));
  const ours = wanted.map((condition): Condition => {
    const known = before.get(condition.type);
    const since = known?.status === condition.status ? known.lastTransitionTime : undefined;
    return { ...condition, lastProbeTime: null, lastTransitionTime: since ?? now };
  });
  // Others (readiness gates, say) have conditions of their own here.
  const others = (pod.status?.conditions ?? []).filter(
    ({ type }) => !wanted.some((condition) => condition.type === type),
  );
  return [...ours, ...others];
}

const hasSandbox = ({ prepared }: PodFacts, phase: Phase): boolean =>
  prepared && phase !== 'Succeeded' && phase !== 'Failed';

function initialized(init: readonly ContainerRecord[], phase: Phase): Condition {
  const type = 'Initialized';
  if (phase === 'Succeeded') return { type, status: 'True', reason: 'PodCompleted' };
  const missing = init.filter((record) => !isInitialized(record));
  if (missing.length === 0) return { type, status: 'True' };
  const names = missing.map(({ container }) => container.name).join(' ');
  const message = `containers with incomplete status: [${names}]`;
  return { type, status: 'False', reason: 'ContainersNotInitialized', message };
}

type Verdict = Pick<Condition, 'status' | 'reason' | 'message'>;

function readiness(unready: readonly string[], phase: Phase): Verdict {
  if (phase === 'Succeeded') return { status: 'False', reason: 'PodCompleted' };
  if (phase === 'Failed') return { status: 'False', reason: 'PodFailed' };
  if (unready.length === 0) return { status: 'True' };
  const message = `containers with unready status: [${unready.join(' ')}]`;
  return { status: 'False', reason: 'ContainersNotReady', message };
}

function podReadiness({ spec, status }: Pod, containers: Verdict): Verdict {
  if (containers.status !== 'True') return containers;
  const closed = (spec.readinessGates ?? []).find(
    ({ conditionType }) =>
      status?.conditions?.find(({ type }) => type === conditionType)?.status !== 'True',
  );
  if (closed === undefined) return containers;
  const message = `the status of pod readiness gate "${closed.conditionType}" is not "True"`;
  return { status: 'False', reason: 'ReadinessGatesNotReady', message };
}
