// The containers of one pod in their order: steps and sidecars, then the main ones, then the end.
import { ContainerRunner } from './container.ts';
import type { PodSetting, RestartPolicy } from './container.ts';
import type { ContainerRecord } from './container-record.ts';
import { fired } from './clock.ts';
import { isSidecar } from './pod.ts';
import type { Pod } from './pod.ts';

export class PodContainers {
  readonly #init: readonly ContainerRunner[];
  readonly #main: readonly ContainerRunner[];
  readonly #runs = new Map<ContainerRunner, Promise<void>>();

  constructor({ spec }: Pod, setting: PodSetting) {
    const policy = (spec.restartPolicy ?? 'Always') as RestartPolicy;
    // A step of the initialization is repeated until it succeeds, unless nothing is ever repeated.
    const stepPolicy = policy === 'Never' ? 'Never' : 'OnFailure';
    this.#init = (spec.initContainers ?? []).map(
      (step) => new ContainerRunner(step, isSidecar(step) ? 'Always' : stepPolicy, setting),
    );
    this.#main = spec.containers.map((one) => new ContainerRunner(one, policy, setting));
  }

  get init(): ContainerRecord[] {
    return this.#init.map(({ record }) => record);
  }

  get main(): ContainerRecord[] {
    return this.#main.map(({ record }) => record);
  }

  find(name: string): ContainerRunner | undefined {
    return this.#all().find(({ record }) => record.container.name === name);
  }

  /** Runs them until the main ones are final, a step failed for good, or the signal fires. */
  async run(signal: AbortSignal): Promise<void> {
    const ended = fired(signal);
    for (const step of this.#init) {
      if (signal.aborted) return;
      const run = this.#begin(step);
      await Promise.race([isSidecar(step.record.container) ? step.started : run, ended]);
      if (step.record.final && step.record.state.terminated?.exitCode !== 0) return;
    }
    if (signal.aborted) return;
    const runs = this.#main.map((runner) => this.#begin(runner));
    await Promise.race([Promise.all(runs), ended]);
  }

  /** Main ones first, then the sidecars that served them, the last started first: all in one grace. */
  async end(graceSeconds: number): Promise<void> {
    const sidecars = this.#init.filter(({ record }) => isSidecar(record.container));
    const first = this.#all().filter((one) => !sidecars.includes(one));
    let turn: Promise<unknown> = Promise.resolve();
    for (const runners of [first, ...sidecars.toReversed().map((one) => [one])]) {
      for (const runner of runners) runner.stop({ graceSeconds, turn });
      turn = Promise.all([turn, ...runners.map((runner) => this.#runs.get(runner))]);
    }
    await turn;
    for (const { record } of this.#all()) record.final = true;
  }

  kill(): void {
    for (const runner of this.#all()) runner.kill();
  }

  #all(): ContainerRunner[] {
    return [...this.#init, ...this.#main];
  }

  #begin(runner: ContainerRunner): Promise<void> {
    const run = runner.run();
    this.#runs.set(runner, run);
    return run;
  }
}
