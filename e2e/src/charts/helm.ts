// Renders a chart with Helm, on machines that have one, and gives its objects by the template's file.
import { spawn } from 'node:child_process';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { fileURLToPath } from 'node:url';
import { parseAllDocuments } from 'yaml';
import { HOST_ENV } from '../stories/config.ts';

const CHARTS = fileURLToPath(new URL('../../../charts', import.meta.url));

export const CONTROLLER = 'gha-runner-scale-set-controller';
export const SCALE_SET = 'gha-runner-scale-set';

export interface Rendering {
  chart: typeof CONTROLLER | typeof SCALE_SET;
  release: string;
  namespace?: string;
  /** As a values file: numbers are floats in the templates. */
  values?: object;
  /** As `--set`: numbers are integers. */
  set?: readonly string[];
  kubeVersion?: string;
}

/** Objects of any kind, as far as the tests look into them. */
export interface Rendered {
  kind: string;
  metadata: {
    name: string;
    namespace?: string;
    labels: Record<string, string>;
    annotations: Record<string, string>;
    finalizers: string[];
  };
  rules: { resources: string[]; verbs: string[] }[];
  data: Record<string, string>;
  spec: RenderedSpec;
}

interface RenderedSpec {
  [field: string]: unknown;
  replicas?: number;
  selector?: unknown;
  template: {
    metadata: { labels: Record<string, string>; annotations: Record<string, string> };
    spec: RenderedPod;
  };
}

interface RenderedPod {
  [field: string]: unknown;
  serviceAccountName?: string;
  securityContext?: unknown;
  containers: RenderedContainer[];
  initContainers: RenderedContainer[];
  volumes: { name: string }[];
}

export interface RenderedContainer {
  [field: string]: unknown;
  ports?: unknown;
  securityContext?: unknown;
  name: string;
  args: string[];
  env: { name: string }[];
  volumeMounts: { name: string }[];
}

class HelmError extends Error {}

const argumentsOf = ({ chart, release, namespace, set = [], kubeVersion }: Rendering): string[] => [
  'template',
  release,
  join(CHARTS, chart),
  ...['--namespace', namespace ?? 'test-namespace', '--values', '-'],
  ...set.flatMap((assignment) => ['--set', assignment]),
  ...(kubeVersion === undefined ? [] : ['--kube-version', kubeVersion]),
];

/** Runs Helm; throws a `HelmError` with its complaint. */
async function run(helm: string, args: string[], input: string): Promise<string> {
  const child = spawn(helm, args, { env: HOST_ENV, stdio: ['pipe', 'pipe', 'pipe'] });
  const ended = new Promise<number | null>((resolve, reject) => {
    child.once('error', reject);
    child.once('close', resolve);
  });
  child.stdin.end(input);
  const [output, complaint, code] = await Promise.all([
    text(child.stdout),
    text(child.stderr),
    ended,
  ]);
  if (code !== 0) throw new HelmError(complaint);
  return output;
}

const SOURCE = /^# Source: [^/]+\/templates\/(.+)\.yaml$/m;

/** What was rendered, by the template's file name without its ending. */
export interface Files {
  names: readonly string[];
  all: (file: string) => readonly Rendered[];
  /** The one object of a file; throws when there is none. */
  the: (file: string) => Rendered;
}

export type Render = (rendering: Rendering) => Promise<Files>;

/** A key that is written twice is an error here, though Helm bears it. */
function objectIn(part: string): Rendered | undefined {
  const [document] = parseAllDocuments(part, { strict: true, uniqueKeys: true });
  const [problem] = document?.errors ?? [];
  if (problem) throw problem;
  return document?.toJS() as Rendered | undefined;
}

function filesOf(output: string): Files {
  const objects = new Map<string, Rendered[]>();
  for (const part of output.split(/^---$/m)) {
    const file = SOURCE.exec(part)?.[1];
    const object = objectIn(part);
    if (file === undefined || object === undefined) continue;
    objects.set(file, [...(objects.get(file) ?? []), object]);
  }
  const all = (file: string): readonly Rendered[] => objects.get(file) ?? [];
  return {
    names: [...objects.keys()],
    all,
    the: (file) => {
      const [object] = all(file);
      if (object === undefined) throw new Error(`the template ${file}.yaml rendered nothing`);
      return object;
    },
  };
}

export const rendererOf =
  (helm: string): Render =>
  async (rendering) =>
    filesOf(await run(helm, argumentsOf(rendering), JSON.stringify(rendering.values ?? {})));
