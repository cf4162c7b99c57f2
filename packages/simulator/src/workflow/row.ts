// One job of a run, from before it is queued until it is over.
import type { Job } from '../job.ts';
import type { Conclusion, Ended, PlannedJob } from './plan.ts';
import type { RunJob } from './run.ts';
import { textOf } from './template.ts';
import type { JobTemplate } from './workflow.ts';

export class Row {
  readonly id: string;
  readonly template: JobTemplate;
  readonly planned: PlannedJob | undefined;
  job: Job | undefined;
  isCancelled = false;
  #end: { result: Conclusion; because: string } | undefined;

  constructor({
    id,
    template,
    planned,
  }: {
    id: string;
    template: JobTemplate;
    planned?: PlannedJob;
  }) {
    this.id = id;
    this.template = template;
    this.planned = planned;
  }

  /** It is over without the queue's part. */
  end(result: Conclusion, because: string): void {
    this.#end = { result, because };
  }

  get result(): Conclusion | undefined {
    return this.#end?.result ?? conclusionOf(this.job);
  }

  /** In a way that counts. */
  get hasFailed(): boolean {
    return this.result === 'failure' && this.planned?.continueOnError !== true;
  }

  view(openNeeds: readonly string[]): RunJob {
    const { job, planned, template } = this;
    return {
      id: this.id,
      key: template.key,
      name: planned?.name ?? plainName(template),
      ...(planned?.matrix && { matrix: planned.matrix }),
      labels: planned?.labels ?? [],
      continueOnError: planned?.continueOnError ?? false,
      ...jobFields(job),
      ...this.#progress(openNeeds),
    };
  }

  #progress(
    openNeeds: readonly string[],
  ): Pick<RunJob, 'state' | 'waiting' | 'result' | 'reason' | 'log'> {
    const { job, result } = this;
    const log = job?.log ?? this.#ownLog();
    if (result === undefined) {
      const waiting = this.#waiting(openNeeds);
      return { state: job?.state ?? 'pending', ...(waiting !== undefined && { waiting }), log };
    }
    const reason = this.#reason;
    return { state: 'completed', result, ...(reason !== undefined && { reason }), log };
  }

  get #reason(): string | undefined {
    return this.#end?.because ?? this.job?.failure;
  }

  #ownLog(): string[] {
    return this.#end === undefined ? [] : [`the job was not run: ${this.#end.because}`];
  }

  #waiting(openNeeds: readonly string[]): string | undefined {
    if (this.job !== undefined) return this.job.waiting;
    if (openNeeds.length > 0) return `needs ${openNeeds.join(', ')}`;
    return 'its matrix runs as many jobs at a time as max-parallel allows';
  }
}

type JobFields = Pick<RunJob, 'times' | 'runnerName' | 'scaleSetName' | 'outputs' | 'steps'>;

function jobFields(job: Job | undefined): JobFields {
  if (job === undefined) return { times: {} };
  return {
    times: job.times,
    ...(job.runnerName !== undefined && { runnerName: job.runnerName }),
    ...(job.scaleSetName !== undefined && { scaleSetName: job.scaleSetName }),
    ...(job.outputs !== undefined && { outputs: job.outputs }),
    ...(job.steps !== undefined && { steps: job.steps }),
  };
}

export const isActive = (row: Row): boolean => row.job !== undefined && row.result === undefined;

/** No scale set may take it. */
export const isStuck = ({ job }: Row): boolean => job?.isUnmatched ?? false;

/** What all rows of one job of the file come to. */
export function endOf(rows: readonly Row[]): Ended {
  const outputs: Record<string, string> = {};
  for (const row of rows) {
    // Of a matrix the last job that set an output wins, and an empty one sets nothing.
    for (const [name, value] of Object.entries(row.job?.outputs ?? {})) {
      if (value !== '' || !(name in outputs)) outputs[name] = value;
    }
  }
  const counted = rows.map((row) =>
    row.planned?.continueOnError === true ? 'success' : (row.result ?? 'success'),
  );
  const worst = (['failure', 'cancelled', 'success'] as const).find((one) => counted.includes(one));
  return { result: worst ?? 'skipped', outputs };
}

const CONCLUSIONS = { succeeded: 'success', failed: 'failure', canceled: 'cancelled' } as const;

const conclusionOf = (job: Job | undefined): Conclusion | undefined =>
  job?.state === 'completed' ? CONCLUSIONS[job.result ?? 'failed'] : undefined;

const plainName = ({ name, key }: JobTemplate): string =>
  typeof name === 'string' && name !== '' ? textOf(name) : key;
