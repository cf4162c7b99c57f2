// The live state behind a run: which jobs are over, which may start, what each change brings.
import { randomUUID } from 'node:crypto';
import type { Job, JobWish } from '../job.ts';
import { githubContext } from './github-context.ts';
import { isWanted, plan } from './plan.ts';
import type { Ended, PlannedJob, Situation, Strategy } from './plan.ts';
import type { JobPayload } from './payload.ts';
import { endOf, isActive, isStuck, Row } from './row.ts';
import type { Run, RunJob, RunState, RunWish } from './run.ts';
import type { JobTemplate } from './workflow.ts';

/** One job of the file, which a matrix makes into several rows. */
interface Node {
  readonly template: JobTemplate;
  readonly ancestors: readonly string[];
  rows: readonly Row[];
  strategy?: Strategy;
}

export class RunEngine implements Run {
  readonly #wish: RunWish;
  readonly #nodes: readonly Node[];
  readonly #ended = new Map<string, Ended>();
  readonly #byJobId = new Map<string, Row>();
  readonly #listeners = new Set<(run: Run) => void>();
  #cancelled = false;
  #busy = false;
  #unsubscribe: (() => void) | undefined;

  constructor(wish: RunWish) {
    this.#wish = wish;
    const templates = new Map(wish.workflow.jobs.map((job) => [job.key, job]));
    this.#nodes = wish.workflow.jobs.map((template) => ({
      template,
      ancestors: ancestorsOf(template, templates),
      rows: [new Row({ id: template.key, template })],
    }));
  }

  start(): void {
    // For as long as there is a queue: a run that is over may be run again.
    this.#wish.queue.onRerun((before, after) => {
      const row = this.#byJobId.get(before.id);
      if (row !== undefined) this.#rerun(row, after);
    });
    this.#follow();
    this.#advance();
  }

  #follow(): void {
    this.#unsubscribe = this.#wish.queue.onChange((job) => {
      const row = this.#byJobId.get(job.id);
      if (row === undefined) return;
      row.job = job;
      this.#advance();
    });
  }

  /** With the jobs that need it, however they ended. */
  #rerun(row: Row, job: Job): void {
    row.job = job;
    row.isCancelled = false;
    this.#byJobId.set(job.id, row);
    this.#cancelled = false;
    const { key } = row.template;
    this.#ended.delete(key);
    for (const node of this.#nodes.filter(({ ancestors }) => ancestors.includes(key))) {
      const { template } = node;
      this.#ended.delete(template.key);
      node.rows = [new Row({ id: template.key, template })];
      delete node.strategy;
    }
    this.#unsubscribe?.();
    this.#follow();
    this.#advance();
  }

  get id(): number {
    return this.#wish.runId;
  }

  get workflow(): { name: string; path: string } {
    const { name, path } = this.#wish.workflow;
    return { name, path };
  }

  get notices(): readonly string[] {
    return this.#wish.workflow.notices;
  }

  get jobs(): RunJob[] {
    return this.#nodes.flatMap((node) => {
      const open = node.template.needs.filter((key) => !this.#ended.has(key));
      return node.rows.map((row) => row.view(open));
    });
  }

  get state(): RunState {
    if (this.#ended.size === this.#nodes.length) return 'completed';
    const active = this.#rows().filter(isActive);
    return active.length > 0 && active.every(isStuck) ? 'stuck' : 'running';
  }

  get result(): 'success' | 'failure' | 'cancelled' {
    const results = [...this.#ended.values()].map(({ result }) => result);
    if (results.includes('failure')) return 'failure';
    return this.#cancelled || results.includes('cancelled') ? 'cancelled' : 'success';
  }

  onChange(listener: (run: Run) => void): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  cancel(): void {
    if (this.#cancelled || this.state === 'completed') return;
    this.#cancelled = true;
    for (const node of this.#nodes) {
      if (node.strategy !== undefined && !isWanted(node.template, this.#situation(node))) {
        this.#cancelRows(node, 'the run was cancelled');
      }
    }
    this.#advance();
  }

  // Queueing and cancelling tell the queue's listeners, this one among them, before they return.
  #advance(): void {
    if (this.#busy) return;
    this.#busy = true;
    try {
      while (this.#nodes.some((node) => this.#step(node)));
    } finally {
      this.#busy = false;
    }
    if (this.state === 'completed') this.#unsubscribe?.();
    for (const listener of this.#listeners) listener(this);
  }

  /** True when it changed something that may let another job go on. */
  #step(node: Node): boolean {
    const { template, rows } = node;
    if (this.#ended.has(template.key)) return false;
    if (rows.every((row) => row.result !== undefined)) {
      this.#ended.set(template.key, endOf(rows));
      return true;
    }
    if (node.strategy === undefined) return this.#decide(node);
    if (node.strategy.failFast && rows.some((row) => row.hasFailed)) {
      this.#cancelRows(node, 'another job of its matrix failed');
    }
    return this.#admit(node, node.strategy);
  }

  #decide(node: Node): boolean {
    const { template } = node;
    if (!template.needs.every((key) => this.#ended.has(key))) return false;
    const decision = plan(template, this.#situation(node));
    if (decision.do === 'queue') {
      node.strategy = decision.strategy;
      node.rows = decision.jobs.map((planned, index) => {
        const id = decision.jobs.length > 1 ? `${template.key}-${index + 1}` : template.key;
        return new Row({ id, template, planned });
      });
    } else {
      node.rows[0]?.end(decision.do === 'skip' ? 'skipped' : 'failure', decision.because);
    }
    return true;
  }

  #admit({ rows }: Node, { maxParallel }: Strategy): boolean {
    let free = maxParallel - rows.filter(isActive).length;
    for (const row of rows) {
      if (free <= 0) break;
      if (row.planned === undefined || row.job !== undefined || row.result !== undefined) continue;
      this.#queue(row, row.planned);
      free -= 1;
    }
    return rows.every((row) => row.result !== undefined);
  }

  #queue(row: Row, planned: PlannedJob): void {
    const id = randomUUID();
    this.#byJobId.set(id, row);
    row.job = this.#wish.queue.queue(this.#jobWish(id, row, planned));
  }

  #cancelRows({ rows }: Node, because: string): void {
    for (const row of rows) {
      if (row.result !== undefined || row.isCancelled) continue;
      row.isCancelled = true;
      if (row.job === undefined) row.end('cancelled', because);
      else this.#wish.queue.cancel(row.job.id);
    }
  }

  #jobWish(id: string, row: Row, planned: PlannedJob): JobWish {
    const { workflow, repository, event, runId } = this.#wish;
    const { owner, name, enterprise, ref } = repository;
    return {
      id,
      displayName: planned.name,
      labels: planned.labels,
      ...(planned.runnerGroup !== undefined && { runnerGroup: planned.runnerGroup }),
      owner,
      repository: name,
      ...(enterprise !== undefined && { enterprise }),
      workflowRef: `${owner}/${name}/${workflow.path}@${ref}`,
      runId,
      eventName: event.name,
      payload: this.#payload(row.template, planned),
    };
  }

  #payload(template: JobTemplate, planned: PlannedJob): JobPayload {
    const { workflow, repository, vars = {}, inputs = {}, secrets = {} } = this.#wish;
    const { owner, name, path } = repository;
    const github = { ...githubContext(this.#wish), job: template.key };
    const { matrix, strategy, needs } = planned;
    return {
      job: { key: template.key, name: planned.name },
      workflow: { path: workflow.path, name: workflow.name },
      repository: { owner, name, path },
      contexts: { github, needs, matrix, strategy, vars, inputs, secrets },
      env: [workflow.env ?? null, template.env ?? null],
      defaults: [workflow.defaults ?? null, template.defaults ?? null],
      steps: template.steps,
      outputs: template.outputs ?? null,
      timeoutMinutes: planned.timeoutMinutes,
    };
  }

  #situation({ ancestors }: Node): Situation {
    const { vars = {}, inputs = {} } = this.#wish;
    const contexts = { github: githubContext(this.#wish), vars, inputs };
    return { contexts, cancelled: this.#cancelled, ended: this.#ended, ancestors };
  }

  #rows(): Row[] {
    return this.#nodes.flatMap((node) => node.rows);
  }
}

function ancestorsOf(job: JobTemplate, jobs: ReadonlyMap<string, JobTemplate>): string[] {
  const found = new Set<string>();
  const open = [...job.needs];
  for (let key = open.pop(); key !== undefined; key = open.pop()) {
    if (found.has(key)) continue;
    found.add(key);
    open.push(...(jobs.get(key)?.needs ?? []));
  }
  return [...found];
}
