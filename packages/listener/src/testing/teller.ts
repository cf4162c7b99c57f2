// What stories about the built program have in common: sets with a listener each, and what is waited for.
import { setTimeout as sleep } from 'node:timers/promises';
import { expect } from 'vitest';
import type { ListenedScaleSet } from '@muster/api';
import type { ScaleSetState } from '@muster/simulator';
import type { Ground } from './ground.ts';
import type { Program } from './program.ts';

// Processes start and wait for each other; on a busy machine that takes its time.
export const STORY = { timeout: 60_000 };

export interface Told {
  set: ListenedScaleSet;
  program: Program;
  config: string;
}

async function until<T>(
  what: string,
  look: () => T | undefined | Promise<T | undefined>,
): Promise<T> {
  for (const end = Date.now() + 50_000; Date.now() < end;) {
    const found = await look();
    if (found !== undefined) return found;
    await sleep(20);
  }
  throw new Error(`it never came to hold: ${what}`);
}

export class Teller {
  readonly #ground: Ground;
  #count = 0;

  constructor(ground: Ground) {
    this.#ground = ground;
  }

  readonly until = until;

  newName(): string {
    this.#count += 1;
    return `set-${this.#count}`;
  }

  /** A set with a listener of its own. */
  async listening(
    change: Partial<ListenedScaleSet> = {},
    env: Record<string, string> = {},
  ): Promise<Told> {
    const set = await this.#ground.addSet(this.newName(), change);
    const config = await this.#ground.writeConfig(set.setName, [set]);
    const instance = `${set.setName}-first`;
    const program = this.#ground.start({ instance, config, env });
    await this.standing(set, 'listening', instance);
    return { set, program, config };
  }

  aJob({ setName }: ListenedScaleSet): void {
    this.#ground.simulator.queueJob({ labels: [setName] });
  }

  atService({ setName }: ListenedScaleSet): ScaleSetState {
    const { scaleSets } = this.#ground.simulator.state();
    const found = scaleSets.find(({ name }) => name === setName);
    if (found === undefined) throw new Error(`${setName} is gone`);
    return found;
  }

  /** Resolves once the set says so of its listener. */
  async standing({ setName }: ListenedScaleSet, state: string, instance?: string): Promise<void> {
    await until(`${setName} is ${state}`, async () => {
      const said = (await this.#ground.set(setName))?.status?.listener;
      const isIt = said?.state === state && (instance === undefined || said.instance === instance);
      return isIt ? true : undefined;
    });
  }

  async wished({ setName }: ListenedScaleSet, replicas: number): Promise<void> {
    await until(`${setName} wishes ${replicas}`, async () =>
      (await this.#ground.set(setName))?.spec.replicas === replicas ? true : undefined,
    );
  }

  async logged({ lines }: Program, words: string): Promise<void> {
    await until(`it logs ${words}`, () =>
      lines.some((line) => line.includes(words)) ? true : undefined,
    );
  }

  /** The sum of wishes is what the service says, nothing waits, and nothing was done wrong. */
  async isRight(set: ListenedScaleSet): Promise<void> {
    await until(`${set.setName} wishes what the service says`, async () => {
      const { statistics, undeletedMessages } = this.atService(set);
      const { spec } = (await this.#ground.set(set.setName)) ?? {};
      // ARC leaves a zero out.
      const wish = spec && (spec.replicas ?? 0);
      const isSame = wish === set.minRunners + statistics.totalAssignedJobs;
      return isSame && undeletedMessages === 0 ? true : undefined;
    });
    expect(this.#ground.simulator.violations()).toEqual([]);
  }

  async ended({ program }: Told): Promise<void> {
    program.kill('SIGTERM');
    expect(await program.ended).toEqual({ code: 0, signal: null });
  }
}
