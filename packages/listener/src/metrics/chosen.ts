// Which of ARC's metrics exist, and with which labels and buckets: all by default; with a
// configuration those that it lists. What makes no sense in it is told and left out.
import type { MetricsConfig } from '@muster/api';
import { BUCKETS, COUNTERS, GAUGES, HISTOGRAMS } from './arc.ts';
import type { Described } from './arc.ts';

export interface Chosen {
  name: string;
  help: string;
  labels: readonly string[];
}

interface ChosenHistogram extends Chosen {
  buckets: readonly number[];
}

export interface Choice {
  gauges: Chosen[];
  counters: Chosen[];
  histograms: ChosenHistogram[];
  /** For the log: what was left out. */
  problems: string[];
}

type Table = Readonly<Record<string, Described>>;
type Listed = Record<string, { labels: string[]; buckets?: number[] | undefined }> | undefined;

export function chosenBy(config: MetricsConfig | undefined): Choice {
  const problems: string[] = [];
  return {
    gauges: select('gauges', GAUGES, config, problems),
    counters: select('counters', COUNTERS, config, problems),
    histograms: select('histograms', HISTOGRAMS, config, problems).map((one) => ({
      ...one,
      buckets: bucketsOf(config?.histograms?.[one.name]?.buckets),
    })),
    problems,
  };
}

function select(
  section: keyof MetricsConfig,
  table: Table,
  ...[config, problems]: [MetricsConfig | undefined, string[]]
): Chosen[] {
  if (config === undefined) return Object.entries(table).map(([name, one]) => ({ name, ...one }));
  const listed: Listed = config[section];
  return Object.entries(listed ?? {}).flatMap(([name, { labels }]) => {
    const known = Object.hasOwn(table, name) ? table[name] : undefined;
    if (known === undefined) {
      problems.push(`${section}.${name}: there is no such metric`);
      return [];
    }
    const usable = usableLabels(labels);
    if (usable.length < new Set(labels).size)
      problems.push(`${section}.${name}: labels have odd names`);
    return [{ name, help: known.help, labels: usable }];
  });
}

// Prometheus's own rule; `__` is its own too.
const LABEL = /^(?!__)[a-zA-Z_][a-zA-Z0-9_]*$/;

/** prom-client would throw, and one word in a values file is no reason not to listen. */
const usableLabels = (labels: readonly string[]): string[] => [
  ...new Set(labels.filter((label) => LABEL.test(label) && label !== 'le')),
];

const bucketsOf = (buckets: readonly number[] | undefined): readonly number[] =>
  buckets === undefined || buckets.length === 0
    ? BUCKETS
    : [...new Set(buckets)].sort((one, other) => one - other);
