// Renders a chart with Helm, on machines that have one, and gives its objects by the template's file.
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseAllDocuments } from 'yaml';
import { HOST_ENV } from '../stories/config.ts';
import { runTool } from './tool.ts';

export const CHARTS = fileURLToPath(new URL('../../../charts', import.meta.url));

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

const argumentsOf = ({ chart, release, namespace, set = [], kubeVersion }: Rendering): string[] => [
  'template',
  release,
  join(CHARTS, chart),
  ...['--namespace', namespace ?? 'test-namespace', '--values', '-'],
  ...set.flatMap((assignment) => ['--set', assignment]),
  ...(kubeVersion === undefined ? [] : ['--kube-version', kubeVersion]),
];

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
  async (rendering) => {
    const input = JSON.stringify(rendering.values ?? {});
    return filesOf(await runTool(helm, argumentsOf(rendering), { env: HOST_ENV, input }));
  };
