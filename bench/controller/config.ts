// What the benchmark is told: by flags, and by the variable that names a real cluster for all tests.
import { parseArgs } from 'node:util';

export interface Config {
  /** Of a real cluster; a dev cluster is started when absent. */
  kubeconfig: string | undefined;
  runs: { count: number; jitMs: number }[];
  /** How many runner sets are made at once; 0 leaves that out. */
  sets: number;
}

export function readConfig(): Config {
  const { values } = parseArgs({
    options: {
      only: { type: 'string', default: '100x50,200x250,1000x50' },
      sets: { type: 'string', default: '100' },
    },
  });
  const runs = values.only.split(',').flatMap((wish) => {
    const [count = 0, jitMs = 0] = wish.split('x').map(Number);
    return count > 0 ? [{ count, jitMs }] : [];
  });
  return {
    kubeconfig: process.env['MUSTER_TEST_KUBECONFIG'],
    runs,
    sets: Number(values.sets),
  };
}
