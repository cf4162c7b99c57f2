// What happens in the demo, as lines in the order it happens. It hears of jobs from the simulator,
// and of pods and wishes from the cluster; it changes nothing.
import { createCache, PodKind, systemClock } from '@muster/kube';
import { EphemeralRunnerSetKind, replicasOf } from '@muster/api';
import { DEMO_SET } from './demo-set.ts';
import { OPERATOR_NAMESPACE } from './manifests.ts';
import { plural } from './report.ts';
import type { EphemeralRunnerSet } from '@muster/api';
import type { Cache, Change, KubeClient, KubeObject, Log, Pod } from '@muster/kube';
import type { Control, JobSummary, SimulatorEvent } from '@muster/simulator';

export interface Story {
  /** Milliseconds since the epoch at which a runner's pod ran. */
  podRanAt: (runner: string) => number | undefined;
  /** Runners that are there, and runners that are wanted. */
  runners(): { wanted: number; pods: number };
  /** Resolves once nothing of the scale set is left: no runner wanted, no pod. */
  whenEmpty(minRunners: number): Promise<void>;
}

export type Tell = (what: string, text: string) => void;

const SILENT: Log = {
  debug: () => undefined,
  info: () => undefined,
  warn: () => undefined,
  error: () => undefined,
};

interface Sources {
  kube: KubeClient;
  control: Control;
}

export function followStory({ kube, control }: Sources, tell: Tell, signal: AbortSignal): Story {
  const common = { client: kube, clock: systemClock, log: SILENT };
  const pods = createCache({
    ...common,
    kind: PodKind,
    namespaces: [DEMO_SET.namespace, OPERATOR_NAMESPACE],
  });
  const sets = createCache({
    ...common,
    kind: EphemeralRunnerSetKind,
    namespaces: [DEMO_SET.namespace],
  });
  const ran = new Map<string, number>();
  pods.onChange((change) => {
    tellOfPod(change, ran, tell);
  });
  sets.onChange(({ object, before }) => {
    tellOfWish(object, before, tell);
  });
  for (const cache of [pods, sets]) void cache.run(signal);
  void tellOfJobs(control, tell, signal);
  const runners = (): { wanted: number; pods: number } => ({
    wanted: sets.list().reduce((sum, set) => sum + replicasOf(set), 0),
    pods: pods.list(DEMO_SET.namespace).length,
  });
  return {
    podRanAt: (runner) => ran.get(runner),
    runners,
    whenEmpty: (minRunners) =>
      until([pods, sets], signal, () => {
        const { wanted, pods: there } = runners();
        return wanted <= minRunners && there <= minRunners;
      }),
  };
}

const isRunning = (pod: Pod): boolean => pod.status?.phase === 'Running';

function tellOfPod(
  { type, object, before }: Change<Pod>,
  ran: Map<string, number>,
  tell: Tell,
): void {
  const { name, namespace } = object.metadata;
  const what = namespace === DEMO_SET.namespace ? 'runner' : 'operator';
  if (type === 'deleted') {
    tell(what, `pod ${name} is gone`);
    return;
  }
  if (before === undefined && !isRunning(object)) tell(what, `pod ${name} is made`);
  if (isRunning(object) && (before === undefined || !isRunning(before))) {
    ran.set(name, Date.now());
    tell(what, `pod ${name} runs`);
  }
}

function tellOfWish(
  set: EphemeralRunnerSet,
  before: EphemeralRunnerSet | undefined,
  tell: Tell,
): void {
  const [was, is] = [before === undefined ? 0 : replicasOf(before), replicasOf(set)];
  if (was !== is) tell('listener', `wants ${plural(is, 'runner')} (${was} before)`);
}

async function tellOfJobs(control: Control, tell: Tell, signal: AbortSignal): Promise<void> {
  const seen = new Map<string, string>();
  try {
    for await (const event of control.events({ signal })) tellOfEvent(event, seen, tell);
  } catch (error) {
    if (!signal.aborted) tell('simulator', `no more news: ${String(error)}`);
  }
}

function tellOfEvent(event: SimulatorEvent, seen: Map<string, string>, tell: Tell): void {
  if (event.type === 'session' && event.change === 'opened') {
    tell('listener', `hears the jobs of scale set ${event.scaleSetName}`);
  }
  if (event.type === 'violation') tell('simulator', `refused: ${event.violation.rule}`);
  if (event.type !== 'job') return;
  const text = lineOfJob(event.job);
  // Of a large matrix all wait for the same thing: each reason is told once, with the first job.
  const about = event.job.waiting ?? event.job.id;
  if (text === undefined || seen.get(about) === text) return;
  seen.set(about, text);
  tell('job', `${event.job.displayName}: ${text}`);
}

function lineOfJob({
  state,
  waiting,
  runnerName = '',
  result,
  failure,
}: JobSummary): string | undefined {
  switch (state) {
    case 'queued':
      return waiting === undefined ? 'queued' : `waits: ${waiting}`;
    case 'available':
    case 'acquired':
      return undefined;
    case 'assigned':
      return `assigned to ${DEMO_SET.name}`;
    case 'running':
      return `started on ${runnerName}`;
    case 'completed':
      return [result ?? 'ended', failure].filter((part) => part !== undefined).join(': ');
  }
}

/** Resolves when it is so, as seen at each change; or with the signal. */
function until(
  caches: readonly Pick<Cache<KubeObject>, 'onChange'>[],
  signal: AbortSignal,
  isSo: () => boolean,
): Promise<void> {
  return new Promise((resolve) => {
    const stops: (() => void)[] = [];
    const look = (): void => {
      if (!isSo() && !signal.aborted) return;
      for (const stop of stops) stop();
      resolve();
    };
    for (const cache of caches) stops.push(cache.onChange(look));
    signal.addEventListener('abort', look, { once: true });
    look();
  });
}
