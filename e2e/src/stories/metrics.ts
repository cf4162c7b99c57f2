// What a `/metrics` page says, as values.

interface Sample {
  name: string;
  labels: Record<string, string>;
  value: number;
}

export interface Page {
  /** The sum of the samples of that name that have these labels; undefined when there is none. */
  sum(name: string, labels?: Record<string, string>): number | undefined;
}

const SAMPLE = /^(\w+)(?:\{(.*)\})? (\S+)$/;
const LABEL = /(\w+)="((?:[^"\\]|\\.)*)"/g;

/** Of the pod with this address. */
export async function metricsOf(podIp: string): Promise<Page> {
  const response = await fetch(`http://${podIp}:8080/metrics`);
  if (!response.ok) throw new Error(`${podIp} answers ${response.status}`);
  return pageOf(await response.text());
}

function pageOf(text: string): Page {
  const samples = text.split('\n').flatMap(sampleOf);
  return {
    sum(name, labels = {}) {
      const found = samples.filter(
        (sample) =>
          sample.name === name &&
          Object.entries(labels).every(([key, value]) => sample.labels[key] === value),
      );
      return found.length === 0 ? undefined : found.reduce((sum, { value }) => sum + value, 0);
    },
  };
}

function sampleOf(line: string): Sample[] {
  const [, name, labels = '', value] = SAMPLE.exec(line) ?? [];
  if (name === undefined) return [];
  const pairs = [...labels.matchAll(LABEL)].map(([, key = '', text = '']) => [key, text]);
  return [{ name, labels: Object.fromEntries(pairs) as Sample['labels'], value: Number(value) }];
}
