// ARC's metrics of one set, by that set's configuration.
import { Counter, Gauge, Histogram, Registry } from 'prom-client';
import type { JobCompleted, JobStarted } from '@muster/actions/wire';
import type { ListenedScaleSet } from '@muster/api';
import type { Log } from '@muster/kube';
import { chosenBy } from './chosen.ts';
import { chosen, jobLabels, setLabels } from './labels.ts';
import type { CounterName, GaugeName, HistogramName } from './arc.ts';
import type { Chosen } from './chosen.ts';
import type { Labels } from './labels.ts';

export interface SetMetrics {
  registry: Registry;
  set: (name: GaugeName, value: number) => void;
  count: (name: CounterName, job: JobStarted | JobCompleted) => void;
  observe: (
    name: HistogramName,
    job: JobStarted | JobCompleted,
    seconds: number | undefined,
  ) => void;
}

export function setMetrics(of: ListenedScaleSet, log: Pick<Log, 'error'>): SetMetrics {
  const registry = new Registry();
  const registers = [registry];
  const choice = chosenBy(of.metrics);
  if (choice.problems.length > 0) {
    log.error('left out of the metrics what makes no sense', {
      set: of.setName,
      problems: choice.problems,
    });
  }
  const named = <M, C extends Chosen>(list: C[], make: (one: C) => M): Map<string, [M, C]> =>
    new Map(list.map((one) => [one.name, [make(one), one]]));
  const options = ({ name, help, labels }: Chosen) => ({
    name,
    help,
    labelNames: labels,
    registers,
  });
  const gauges = named(choice.gauges, (one) => new Gauge(options(one)));
  const counters = named(choice.counters, (one) => new Counter(options(one)));
  const histograms = named(
    choice.histograms,
    (one) => new Histogram({ ...options(one), buckets: [...one.buckets] }),
  );
  const own = setLabels(of);
  const labelsFor = (job: JobStarted | JobCompleted): Labels => ({
    ...jobLabels(own, job),
    ...('result' in job && { job_result: job.result }),
  });
  return {
    registry,
    set(name, value) {
      const [gauge, one] = gauges.get(name) ?? [];
      gauge?.set(chosen(own, one?.labels ?? []), value);
    },
    count(name, job) {
      const [counter, one] = counters.get(name) ?? [];
      counter?.inc(chosen(labelsFor(job), one?.labels ?? []));
    },
    observe(name, job, seconds) {
      const [histogram, one] = histograms.get(name) ?? [];
      if (seconds === undefined) return;
      histogram?.observe(chosen(labelsFor(job), one?.labels ?? []), seconds);
    },
  };
}
