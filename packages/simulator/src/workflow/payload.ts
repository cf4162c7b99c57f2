// What travels from the service to the runner with a job. What the runner evaluates goes unevaluated.
import type { Json } from './expression.ts';
import type { Template } from './template.ts';

export interface JobPayload {
  readonly job: { readonly key: string; readonly name: string };
  readonly workflow: { readonly path: string; readonly name: string };
  /** A folder of this machine that stands for the repository; `actions/checkout` copies it. */
  readonly repository: { readonly owner: string; readonly name: string; readonly path: string };
  readonly contexts: PayloadContexts;
  /** The workflow's, then the job's: the later wins. */
  readonly env: readonly Template[];
  /** Of `defaults.run`: the workflow's, then the job's. */
  readonly defaults: readonly Template[];
  readonly steps: readonly StepTemplate[];
  readonly outputs: Template;
  readonly timeoutMinutes: number;
}

interface PayloadContexts {
  readonly github: Record<string, Json>;
  readonly needs: Record<string, Json>;
  readonly matrix: Json;
  readonly strategy: Json;
  readonly vars: Record<string, Json>;
  readonly inputs: Record<string, Json>;
  readonly secrets: Record<string, Json>;
}

export interface StepTemplate {
  /** One that was not written begins with `__`, and the `steps` context does not have it. */
  readonly id: string;
  readonly name?: Template;
  /** Always asks a status function: `success() && (…)` unless the author asked one. */
  readonly if: string;
  readonly does: { readonly run: Template } | { readonly uses: string; readonly with?: Template };
  readonly env?: Template;
  readonly shell?: Template;
  readonly workingDirectory?: Template;
  readonly continueOnError?: Template;
  readonly timeoutMinutes?: Template;
}

/** The condition for people, without what was put around it. */
export const writtenCondition = (condition: string): string =>
  condition.replace(/^success\(\) && \((.*)\)$/s, '$1');
