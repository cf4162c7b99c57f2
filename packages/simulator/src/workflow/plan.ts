// Decides what becomes of one job of a workflow once the jobs it needs are over: left out, or which jobs to queue.
import { isTrue } from './expression.ts';
import type { Json, Scope } from './expression.ts';
import { expandMatrix } from './matrix.ts';
import type { Combination } from './matrix.ts';
import { writtenCondition } from './payload.ts';
import { fill, isRecord, textOf } from './template.ts';
import type { Template } from './template.ts';
import type { JobTemplate } from './workflow.ts';

export type Conclusion = 'success' | 'failure' | 'cancelled' | 'skipped';

/** What a job that is over means to those that need it. */
export interface Ended {
  readonly result: Conclusion;
  readonly outputs: Readonly<Record<string, string>>;
}

export interface Situation {
  /** `github`, `vars` and `inputs`. */
  readonly contexts: Readonly<Record<string, Json>>;
  readonly cancelled: boolean;
  /** Every job that is over, by key. */
  readonly ended: ReadonlyMap<string, Ended>;
  /** Keys of the jobs that this one needs, and of those that they need, all the way. */
  readonly ancestors: readonly string[];
}

export type Decision =
  | { readonly do: 'queue'; readonly jobs: readonly PlannedJob[]; readonly strategy: Strategy }
  | { readonly do: 'skip' | 'fail'; readonly because: string };

export interface PlannedJob {
  readonly name: string;
  readonly matrix: Record<string, Json> | null;
  readonly labels: readonly string[];
  readonly runnerGroup?: string;
  readonly continueOnError: boolean;
  readonly timeoutMinutes: number;
  readonly strategy: Record<string, Json>;
  readonly needs: Record<string, Json>;
}

export interface Strategy {
  readonly failFast: boolean;
  readonly maxParallel: number;
}

export function plan(template: JobTemplate, situation: Situation): Decision {
  try {
    if (!isWanted(template, situation)) return { do: 'skip', because: whyNot(template, situation) };
    if (template.unsupported !== undefined) return { do: 'skip', because: template.unsupported };
    return expand(template, situation);
  } catch (error) {
    return { do: 'fail', because: error instanceof Error ? error.message : String(error) };
  }
}

/** What the job's `if` says. Asked again when the run is cancelled, as `always()` then keeps a job. */
export function isWanted(template: JobTemplate, situation: Situation): boolean {
  const needs = needsContext(template, situation);
  const functions = statusFunctions(situation);
  return isTrue(template.if, { contexts: { ...situation.contexts, needs }, functions });
}

function statusFunctions({
  cancelled,
  ended,
  ancestors,
}: Situation): NonNullable<Scope['functions']> {
  const results = (names: Json[]): (Conclusion | undefined)[] =>
    (names.length > 0 ? names.map(textOf) : ancestors).map((key) => ended.get(key)?.result);
  return {
    always: () => true,
    cancelled: () => cancelled,
    // A skipped ancestor, however far, is no success. That surprises, but it is GitHub's rule.
    success: (names) => !cancelled && results(names).every((result) => result === 'success'),
    failure: (names) => !cancelled && results(names).includes('failure'),
  };
}

function needsContext({ needs }: JobTemplate, { ended }: Situation): Record<string, Json> {
  return Object.fromEntries(
    needs.map((key) => {
      const { result, outputs } = ended.get(key) ?? { result: 'skipped', outputs: {} };
      return [key, { result, outputs: { ...outputs } }];
    }),
  );
}

const PAST: Readonly<Record<Conclusion, string>> = {
  success: 'succeeded',
  failure: 'failed',
  cancelled: 'was cancelled',
  skipped: 'was skipped',
};

function whyNot(template: JobTemplate, { cancelled, ended, ancestors }: Situation): string {
  if (cancelled) return 'the run was cancelled';
  const isDefault = template.if.startsWith('success()');
  for (const key of isDefault ? [...template.needs, ...ancestors] : []) {
    const result = ended.get(key)?.result;
    if (result !== undefined && result !== 'success') return `${key} ${PAST[result]}`;
  }
  return `its condition is false: ${writtenCondition(template.if)}`;
}

function expand(template: JobTemplate, situation: Situation): Decision {
  const needs = needsContext(template, situation);
  const scope = { contexts: { ...situation.contexts, needs } };
  const strategy = strategyOf(template.strategy, scope);
  const { combinations } = strategy;
  const jobs = combinations.map((combination, index): PlannedJob => {
    const matrix = combination?.values ?? null;
    const own = {
      'fail-fast': strategy.failFast,
      'job-index': index,
      'job-total': combinations.length,
      'max-parallel': Math.min(strategy.maxParallel, combinations.length),
    };
    const contexts = { ...scope.contexts, matrix, strategy: own };
    return {
      ...settings(template, { contexts }),
      name: displayName(template, combination, { contexts }),
      matrix,
      strategy: own,
      needs,
    };
  });
  return { do: 'queue', jobs, strategy };
}

interface FilledStrategy extends Strategy {
  readonly combinations: readonly (Combination | undefined)[];
}

function strategyOf(template: Template | undefined, scope: Scope): FilledStrategy {
  const filled = template === undefined ? {} : fill(template, scope);
  if (!isRecord(filled)) throw new Error('strategy must be a map');
  const { matrix, 'fail-fast': failFast = true, 'max-parallel': limit } = filled;
  const maxParallel = limit === undefined || limit === null ? Infinity : Number(limit);
  if (!(maxParallel >= 1)) throw new Error('max-parallel must be a number above 0');
  return {
    failFast: flag('fail-fast', failFast),
    maxParallel,
    combinations: matrix === undefined || matrix === null ? [undefined] : expandMatrix(matrix),
  };
}

function settings(
  template: JobTemplate,
  scope: Scope,
): Omit<PlannedJob, 'name' | 'matrix' | 'strategy' | 'needs'> {
  const { timeoutMinutes = 360, continueOnError = false } = template;
  const minutes = Number(fill(timeoutMinutes, scope));
  if (!(minutes > 0)) throw new Error('timeout-minutes must be a number above 0');
  return {
    ...runsOn(fill(template.runsOn, scope)),
    timeoutMinutes: minutes,
    continueOnError: flag('continue-on-error', fill(continueOnError, scope)),
  };
}

function runsOn(value: Json): { labels: string[]; runnerGroup?: string } {
  if (!isRecord(value)) return { labels: labelsOf(value) };
  const group = textOf(value['group']).replace(/^(?:org|organization|ent|enterprise)\//, '');
  const labels = value['labels'] === undefined && group !== '' ? [] : labelsOf(value['labels']);
  return { labels, ...(group !== '' && { runnerGroup: group }) };
}

function labelsOf(value: Json | undefined): string[] {
  const list = Array.isArray(value) ? value : [value];
  const labels = list.map(textOf).map((label) => label.trim());
  if (labels.length > 0 && labels.every((label) => label !== '')) return labels;
  throw new Error('runs-on names no runner');
}

function flag(name: string, value: Json): boolean {
  if (typeof value === 'boolean') return value;
  throw new Error(`${name} must be true or false, not ${textOf(value)}`);
}

const LONGEST_NAME = 100;

function displayName(
  { name, key }: JobTemplate,
  combination: Combination | undefined,
  scope: Scope,
): string {
  const isFixed = name === undefined || typeof name !== 'object';
  const text = isFixed ? textOf(name) : textOf(fill(name, scope));
  // A name without expressions would be the same for all of a matrix.
  const suffix = isFixed && combination?.label ? ` (${combination.label})` : '';
  const whole = `${text === '' ? key : text}${suffix}`;
  return whole.length > LONGEST_NAME ? `${whole.slice(0, LONGEST_NAME - 3)}...` : whole;
}
