// Our own metrics, beside ARC's and controller-runtime's: what runners wait for, what becomes of them, what it costs.
import { isDeleting, label, LABELS } from '@muster/api';
import type { ApiObject, EphemeralRunner } from '@muster/api';
import { Counter, Gauge, Histogram } from 'prom-client';
import type { Registry } from 'prom-client';
import type { Caches } from '../deps.ts';
import type { Why } from '../removal.ts';
import type { Stage } from './stages.ts';

export interface ControllerMetrics {
  wrote: (kind: string, verb: string) => void;
  jitTook: (ms: number, outcome: 'made' | 'exists' | 'failed') => void;
  removed: (of: ApiObject, why: Why, count: number) => void;
  waited: (of: ApiObject, stage: Stage, seconds: number) => void;
  lostJob: (of: ApiObject) => void;
  rerunSettled: (of: ApiObject, state: string) => void;
}

const SCALE_SET = ['name', 'namespace'] as const;
const JIT_SECONDS = [0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60];
const WAIT_SECONDS = [1, 2, 5, 10, 20, 30, 60, 120, 300, 600, 1800];

type Caching = Pick<Caches, 'runners' | 'sets'>;

export function createControllerMetrics(registry: Registry, caches: Caching): ControllerMetrics {
  registerGauges(registry, caches);
  const registers = [registry];
  const counter = <L extends string>(name: string, help: string, labelNames: readonly L[]) =>
    new Counter({ name: `muster_controller_${name}`, help, labelNames, registers });
  const writes = counter('writes_total', 'Writes to the API server.', ['kind', 'verb']);
  const removed = counter('runners_removed_total', 'Runners taken away, and why.', [
    ...SCALE_SET,
    'why',
  ]);
  const lost = counter('lost_jobs_total', 'Jobs whose pod was lost.', SCALE_SET);
  const reruns = counter('lost_jobs_rerun_total', 'Lost jobs run again, or given up.', [
    ...SCALE_SET,
    'state',
  ]);
  const jit = new Histogram({
    name: 'muster_controller_jit_seconds',
    help: 'How long GitHub took to register a runner.',
    labelNames: ['outcome'],
    buckets: JIT_SECONDS,
    registers,
  });
  const waits = new Histogram({
    name: 'muster_controller_job_wait_seconds',
    help: 'How long a runner took from one stage to the next: pod made, on a node, started, at work.',
    labelNames: [...SCALE_SET, 'stage'],
    buckets: WAIT_SECONDS,
    registers,
  });
  return {
    wrote: (kind, verb) => {
      writes.inc({ kind, verb });
    },
    jitTook: (ms, outcome) => {
      jit.observe({ outcome }, ms / 1_000);
    },
    removed: (of, why, count) => {
      removed.inc({ ...scaleSetOf(of), why }, count);
    },
    waited: (of, stage, seconds) => {
      waits.observe({ ...scaleSetOf(of), stage }, seconds);
    },
    lostJob: (of) => {
      lost.inc(scaleSetOf(of));
    },
    rerunSettled: (of, state) => {
      reruns.inc({ ...scaleSetOf(of), state });
    },
  };
}

/** Read when they are asked for, so that a series ends with what it is about. */
function registerGauges(registry: Registry, { runners, sets }: Caching): void {
  const byPhase = new Gauge({
    name: 'muster_controller_runners',
    help: 'Runners by phase; those on their way out are Deleting.',
    labelNames: [...SCALE_SET, 'phase'],
    registers: [registry],
    collect: () => {
      byPhase.reset();
      for (const runner of runners.list()) {
        byPhase.inc({ ...scaleSetOf(runner), phase: phaseOf(runner) });
      }
    },
  });
  const blocked = new Gauge({
    name: 'muster_controller_blocked_sets',
    help: 'Sets that get no runners, by the reason in their status.',
    labelNames: [...SCALE_SET, 'reason'],
    registers: [registry],
    collect: () => {
      blocked.reset();
      for (const set of sets.list()) {
        const reason = set.status?.blocked?.reason;
        if (reason !== undefined) blocked.set({ ...scaleSetOf(set), reason }, 1);
      }
    },
  });
}

function phaseOf(runner: EphemeralRunner): string {
  if (isDeleting(runner)) return 'Deleting';
  const { phase = '' } = runner.status ?? {};
  return phase === '' ? 'Pending' : phase;
}

/** A runner set is its own; what it owns says whose it is. */
const scaleSetOf = (object: ApiObject): { name: string; namespace: string } => ({
  name: label(object, LABELS.scaleSetName) ?? object.metadata.name,
  namespace: label(object, LABELS.scaleSetNamespace) ?? object.metadata.namespace,
});
