// Workflow files for the stories, and how their runs end.
import { expect } from 'vitest';
import { eventually } from './stage.ts';
import type { GitHub } from './github.ts';

export interface JobsWish {
  runsOn: string;
  count: number;
  /** How long each of them takes. */
  seconds?: number;
}

/** Jobs that are alike, one for each `part`. */
export const workflow = (...wishes: JobsWish[]): string => `
on: push
jobs:
${wishes.map(jobs).join('')}`;

const jobs = ({ runsOn, count, seconds = 0 }: JobsWish): string => `
  on-${runsOn}:
    runs-on: ${runsOn}
    strategy:
      matrix:
        part: [${Array.from({ length: count }, (_, index) => index + 1).join(', ')}]
    steps:
      - run: |
          echo part \${{ matrix.part }}
          sleep ${seconds}
`;

/** How each job stands: its result, else its state. */
export const standing = async (github: GitHub, run: number): Promise<string[]> =>
  (await github.run(run)).jobs.map(({ result, state }) => result ?? state);

/** So many of its jobs run at this moment. */
export const running = (github: GitHub, run: number, count = 1): Promise<void> =>
  eventually(async () => {
    const now = (await standing(github, run)).filter((one) => one === 'running');
    expect(now.length).toBeGreaterThanOrEqual(count);
  });

/** Every job ran, each in a runner of its own, and none was lost. */
export async function allSucceed(github: GitHub, run: number): Promise<void> {
  await eventually(async () => {
    expect((await standing(github, run)).filter((one) => one !== 'success')).toEqual([]);
  });
  const runners = (await github.run(run)).jobs.map(({ runnerName }) => runnerName);
  expect(new Set(runners).size).toBe(runners.length);
}
