// What the dev cluster's API carries on one core: creates a second with ten watchers, events a second to them, and the
// memory of 10,000 objects. In process, as loop tests use it. `node --expose-gc bench/devcluster.bench.ts [--objects 10000]`
import { parseArgs } from 'node:util';
import { createCluster } from '../packages/devcluster/src/cluster.ts';

const WATCHERS = 10;
const AT_ONCE = 50;
const PODS = '/api/v1/namespaces/default/pods';

const { values } = parseArgs({ options: { objects: { type: 'string', default: '10000' } } });
const objects = Number(values.objects);

const cluster = createCluster();

const request = (path: string, init: RequestInit = {}): Request =>
  new Request(`https://cluster.test${path}`, {
    ...init,
    headers: {
      authorization: `Bearer ${cluster.adminToken}`,
      'content-type': init.method === 'PATCH' ? 'application/merge-patch+json' : 'application/json',
    },
  });

const pod = (name: string): string =>
  JSON.stringify({
    apiVersion: 'v1',
    kind: 'Pod',
    metadata: { name, labels: { app: 'bench', set: 'bench-1' }, annotations: { hash: 'abcdef' } },
    spec: {
      restartPolicy: 'Never',
      containers: [
        {
          name: 'runner',
          image: 'runner:1',
          command: ['/home/runner/run.sh'],
          env: [{ name: 'ACTIONS_RUNNER_INPUT_JITCONFIG', value: 'x'.repeat(200) }],
        },
      ],
    },
  });

interface Watcher {
  heard: () => number;
  end: () => Promise<void>;
}

async function watcher(): Promise<Watcher> {
  const { body } = await cluster.fetch(request(`${PODS}?watch=1`));
  if (body === null) throw new Error('a watch has no body');
  const reader = body.getReader();
  let lines = 0;
  const read = async (): Promise<void> => {
    // Each event is a chunk of its own.
    while (!(await reader.read()).done) lines += 1;
  };
  const reading = read();
  return {
    heard: () => lines,
    end: async () => {
      await reader.cancel();
      await reading;
    },
  };
}

/** Of this process, so that what else the machine does does not count. */
const cpuSeconds = (): number => {
  const { user, system } = process.cpuUsage();
  return (user + system) / 1e6;
};

/** Does it so many times, some at once; gives how often a second of one core. */
async function rate(count: number, act: (index: number) => Promise<void>): Promise<number> {
  const start = cpuSeconds();
  let next = 0;
  const worker = async (): Promise<void> => {
    while (next < count) await act(next++);
  };
  await Promise.all(Array.from({ length: AT_ONCE }, worker));
  return count / (cpuSeconds() - start);
}

const say = (what: string, figure: number, unit: string): void => {
  process.stdout.write(`${what.padEnd(58)} ${figure.toFixed(0).padStart(8)} ${unit}\n`);
};

const isDone = async (path: string, init?: RequestInit): Promise<void> => {
  const response = await cluster.fetch(request(path, init));
  if (!response.ok) throw new Error(`${response.status}: ${await response.text()}`);
  await response.text();
};

const rssMiB = (): number => {
  globalThis.gc?.();
  return process.memoryUsage().rss / 2 ** 20;
};

const before = rssMiB();
const creating = await rate(objects, (i) =>
  isDone(PODS, { method: 'POST', body: pod(`bench-${i}`) }),
);
say(`creates of ${objects} pods, nobody watching`, creating, 'a core-second');
say(
  `memory of ${objects} pods and their history (${before.toFixed(0)} MiB before)`,
  rssMiB(),
  'MiB',
);

const watchers = await Promise.all(Array.from({ length: WATCHERS }, watcher));
const patched = await rate(objects / 2, (i) =>
  isDone(`${PODS}/bench-${i}/status`, {
    method: 'PATCH',
    body: JSON.stringify({ status: { message: `now ${i}` } }),
  }),
);
say('status patches, ten watchers', patched, 'a core-second');
const heard = (): number => watchers.reduce((sum, { heard: lines }) => sum + lines(), 0);
const hasHeard = async (count: number): Promise<void> => {
  while (heard() < count) await new Promise(setImmediate);
};
await hasHeard(WATCHERS * (objects + objects / 2));
const from = heard();
const start = cpuSeconds();
const withWatchers = await rate(objects / 2, (i) =>
  isDone(PODS, { method: 'POST', body: pod(`watched-${i}`) }),
);
await hasHeard(from + (WATCHERS * objects) / 2);
say('creates, ten watchers', withWatchers, 'a core-second');
say('events heard by ten watchers', (heard() - from) / (cpuSeconds() - start), 'a core-second');
await Promise.all(watchers.map(({ end }) => end()));
cluster.close();
