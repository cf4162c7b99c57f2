// The answers to GET pods/NAME/log.
import type { LogOptions } from '../logs.ts';
import type { ContainerState } from './pod.ts';
import type { PodWorker } from './pod-worker.ts';

export type PodLogAnswer = ReadableStream<Uint8Array> | { problem: string };

export function readPodLog(
  worker: PodWorker,
  options: LogOptions,
  signal: AbortSignal,
): PodLogAnswer {
  const { container, previous } = options;
  const runner = worker.container(container);
  const log = previous ? runner?.previousLog : runner?.log;
  if (log !== undefined) return log.read(options, signal);
  const subject = `container "${container}" in pod "${worker.pod.metadata.name}"`;
  if (previous) return { problem: `previous terminated ${subject} not found` };
  return { problem: `${subject} is waiting to start: ${reasonOf(runner?.record.state)}` };
}

const reasonOf = ({ waiting }: ContainerState = {}): string =>
  waiting?.message ?? waiting?.reason ?? 'it has not started';
