// From the zod schema of a kind to its CustomResourceDefinition.
import { z } from 'zod';
import { GROUP, VERSION } from './meta.ts';
import { autoscalingListenerSpec, autoscalingListenerStatus } from './autoscaling-listener.ts';
import { AutoscalingListenerKind } from './autoscaling-listener.ts';
import { autoscalingRunnerSetSpec, autoscalingRunnerSetStatus } from './autoscaling-runner-set.ts';
import { AutoscalingRunnerSetKind } from './autoscaling-runner-set.ts';
import { ephemeralRunnerSetSpec, ephemeralRunnerSetStatus } from './ephemeral-runner-set.ts';
import { EphemeralRunnerSetKind } from './ephemeral-runner-set.ts';
import { ephemeralRunnerSpec, ephemeralRunnerStatus } from './ephemeral-runner.ts';
import { EphemeralRunnerKind } from './ephemeral-runner.ts';
import type { ApiObject, KindOf } from './meta.ts';

interface Column {
  name: string;
  jsonPath: string;
  type: 'integer' | 'number' | 'string' | 'date';
}

interface Definition {
  kind: KindOf<ApiObject>;
  description: string;
  spec: z.ZodType;
  status: z.ZodType;
  columns: Column[];
}

const column = (name: string, jsonPath: string, type: Column['type'] = 'string'): Column => ({
  name,
  jsonPath,
  type,
});

const RUNNER_COUNTS = [
  column('Pending Runners', '.status.pendingEphemeralRunners', 'integer'),
  column('Running Runners', '.status.runningEphemeralRunners', 'integer'),
];

const AGE = column('Age', '.metadata.creationTimestamp', 'date');

/** Columns are ARC's (reference/controllers.md 1.2 to 1.5), without those that show no field. */
const DEFINITIONS: Definition[] = [
  {
    kind: AutoscalingRunnerSetKind,
    description: 'A scale set at GitHub and the runners that serve it.',
    spec: autoscalingRunnerSetSpec,
    status: autoscalingRunnerSetStatus,
    columns: [
      column('Minimum Runners', '.spec.minRunners', 'integer'),
      column('Maximum Runners', '.spec.maxRunners', 'integer'),
      column('Current Runners', '.status.currentRunners', 'integer'),
      column('Phase', '.status.phase'),
      ...RUNNER_COUNTS,
      AGE,
    ],
  },
  {
    kind: AutoscalingListenerKind,
    description: 'The process that hears of the jobs of one runner set.',
    spec: autoscalingListenerSpec,
    status: autoscalingListenerStatus,
    columns: [
      column('GitHub Configure URL', '.spec.githubConfigUrl'),
      column('AutoscalingRunnerSet Namespace', '.spec.autoscalingRunnerSetNamespace'),
      column('AutoscalingRunnerSet Name', '.spec.autoscalingRunnerSetName'),
      AGE,
    ],
  },
  {
    kind: EphemeralRunnerSetKind,
    description: 'So many runners of one template.',
    spec: ephemeralRunnerSetSpec,
    status: ephemeralRunnerSetStatus,
    columns: [
      column('DesiredReplicas', '.spec.replicas', 'integer'),
      column('CurrentReplicas', '.status.currentReplicas', 'integer'),
      ...RUNNER_COUNTS,
      column('Phase', '.status.phase'),
      AGE,
    ],
  },
  {
    kind: EphemeralRunnerKind,
    description: 'One runner, for one job.',
    spec: ephemeralRunnerSpec,
    status: ephemeralRunnerStatus,
    columns: [
      column('GitHub Config URL', '.spec.githubConfigUrl'),
      column('RunnerId', '.status.runnerId', 'number'),
      column('Phase', '.status.phase'),
      column('JobRepository', '.status.jobRepositoryName'),
      column('JobWorkflowRef', '.status.jobWorkflowRef'),
      column('WorkflowRunId', '.status.workflowRunId', 'number'),
      column('JobDisplayName', '.status.jobDisplayName'),
      column('JobId', '.status.jobId'),
      column('Message', '.status.message'),
      AGE,
    ],
  },
];

/** A CustomResourceDefinition as plain JSON. */
export type CustomResourceDefinition = Readonly<Record<string, unknown>> & {
  metadata: { name: string };
};

/** The file name that ARC's chart gives a definition. */
export const crdFileName = ({ metadata }: CustomResourceDefinition): string => {
  const [plural = ''] = metadata.name.split('.');
  return `${GROUP}_${plural}.yaml`;
};

export const customResourceDefinitions = (): CustomResourceDefinition[] =>
  DEFINITIONS.map(({ kind, description, spec, status, columns }) => ({
    apiVersion: 'apiextensions.k8s.io/v1',
    kind: 'CustomResourceDefinition',
    metadata: { name: `${kind.plural}.${GROUP}` },
    spec: {
      group: GROUP,
      names: {
        kind: kind.kind,
        listKind: `${kind.kind}List`,
        plural: kind.plural,
        singular: kind.kind.toLowerCase(),
      },
      scope: 'Namespaced',
      versions: [
        {
          name: VERSION,
          served: true,
          storage: true,
          schema: {
            openAPIV3Schema: {
              description,
              type: 'object',
              properties: {
                apiVersion: { type: 'string' },
                kind: { type: 'string' },
                metadata: { type: 'object' },
                spec: structural(spec),
                status: structural(status),
              },
            },
          },
          subresources: { status: {} },
          additionalPrinterColumns: columns,
        },
      ],
    },
  }));

/** A structural schema: what zod says, less what the API server would refuse or we never rely on. */
function structural(schema: z.ZodType): unknown {
  return z.toJSONSchema(schema, {
    target: 'openapi-3.0',
    io: 'input',
    unrepresentable: 'any',
    override: ({ jsonSchema }) => {
      delete jsonSchema.$schema;
      if (jsonSchema.additionalProperties === false) delete jsonSchema.additionalProperties;
      if (jsonSchema.maximum === Number.MAX_SAFE_INTEGER) delete jsonSchema.maximum;
      if (jsonSchema.minimum === Number.MIN_SAFE_INTEGER) delete jsonSchema.minimum;
      delete jsonSchema.propertyNames;
      if (jsonSchema['x-kubernetes-preserve-unknown-fields'] === true) jsonSchema.type = 'object';
    },
  });
}
