// The answers to GET pods/NAME/log.
import type { LogOptions } from './log.ts';
import { allContainers } from './pod.ts';
import type { Pod } from './pod.ts';
import type { PodWorker } from './pod-worker.ts';

export type PodLogAnswer = ReadableStream<Uint8Array> | { problem: string };

export function readPodLog(
  worker: PodWorker,
  options: LogOptions,
  signal: AbortSignal,
): PodLogAnswer {
  const { pod } = worker;
  const chosen = chooseContainer(pod, options.container);
  if (typeof chosen === 'object') return chosen;
  const runner = worker.container(chosen);
  const of = `container "${chosen}" in pod "${pod.metadata.name}"`;
  if (options.previous === true) {
    const log = runner?.previousLog;
    return log?.read(options, signal) ?? { problem: `previous terminated ${of} not found` };
  }
  if (runner?.log !== undefined) return runner.log.read(options, signal);
  const waiting = runner?.record.state.waiting;
  const why = waiting?.message ?? waiting?.reason ?? 'it has not started';
  return { problem: `${of} is waiting to start: ${why}` };
}

function chooseContainer(pod: Pod, wish: string | undefined): string | { problem: string } {
  const names = allContainers(pod).map(({ name }) => name);
  const { name } = pod.metadata;
  if (wish !== undefined && wish !== '') {
    if (names.includes(wish)) return wish;
    return { problem: `container ${wish} is not valid for pod ${name}` };
  }
  const [only, ...others] = pod.spec.containers;
  if (only !== undefined && others.length === 0) return only.name;
  const choices = pod.spec.containers.map((container) => container.name).join(' ');
  const problem = `a container name must be specified for pod ${name}, choose one of: [${choices}]`;
  return { problem };
}
