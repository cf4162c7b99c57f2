import { expect, test } from 'vitest';
import { chooseGround } from './ground.ts';
import type { Around } from './ground.ts';

const NOTHING = { kubeconfig: undefined, docker: false, launcher: false };

test.each([
  { name: 'the cluster that is named', there: { kubeconfig: '/k' }, is: 'given', asked: [] },
  {
    name: 'that one, whatever else is there',
    there: { kubeconfig: '/k', docker: true, launcher: true },
    is: 'given',
    asked: [],
  },
  {
    name: "Docker's before the launcher's",
    there: { docker: true, launcher: true },
    is: 'k3s',
    asked: ['Docker'],
  },
  {
    name: "the launcher's without Docker",
    there: { launcher: true },
    is: 'local',
    asked: ['Docker', 'launcher'],
  },
  { name: 'the dev cluster, else', there: {}, is: 'dev', asked: ['Docker', 'launcher'] },
])('stories are told on $name', async ({ there, is, asked: order }) => {
  const { kubeconfig, docker, launcher } = { ...NOTHING, ...there };
  const asked: string[] = [];
  const answer = (what: string, isThere: boolean) => (): Promise<boolean> => {
    asked.push(what);
    return Promise.resolve(isThere);
  };
  const around: Around = {
    kubeconfig,
    hasDocker: answer('Docker', docker),
    hasLauncher: answer('launcher', launcher),
  };
  expect(await chooseGround(around)).toMatchObject({ is });
  expect(asked).toEqual(order);
});
