// A cache whose watch is dropped every second, while objects come, change and go: it must tell of every change once
// and in order, and its memory must be flat. `node packages/kube/soak/watch.soak.ts [--seconds 600]`
import { fork } from 'node:child_process';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { createFaults } from '../src/testing/faults.ts';
import { systemClock } from '../src/index.ts';
import { ConfigMapKind } from '../src/kinds.ts';
import { aCluster, aConfigMap } from '../src/testing/cluster.ts';
import { onPort, writeKubeconfig } from '../src/testing/port.ts';
import { describe } from './follower.ts';
import type { KubeClient } from '../src/index.ts';
import type { Report } from './follower.ts';

const NAMES = 200;
const PAUSE_MS = 5;
const DROP_EVERY_MS = 1_000;
/** For the last events to arrive, over a back-off. */
const CATCH_UP_MS = 20_000;
/** What may come and go in a heap after a collection: IPC, connections, and the engine's own. */
const SLACK_BYTES = 2 * 1024 * 1024;

interface Sample {
  heap: number;
  rss: number;
}

/** Compares what is told with what was written, and keeps neither. */
class Ledger {
  readonly #expected: string[] = [];
  told = 0;
  wrong: string | undefined;

  write(change: string): void {
    this.#expected.push(change);
  }

  tell(changes: readonly string[]): void {
    const wanted = this.#expected.splice(0, changes.length);
    this.told += changes.length;
    const at = changes.findIndex((change, index) => change !== wanted[index]);
    if (at >= 0) this.wrong ??= `"${changes[at] ?? ''}" in place of "${wanted[at] ?? 'nothing'}"`;
  }

  get missing(): number {
    return this.#expected.length;
  }
}

/** Writes one thing after another until the time is up. */
async function writeUntil(endMs: number, client: KubeClient, ledger: Ledger): Promise<number> {
  const there = new Set<string>();
  let writes = 0;
  for (; performance.now() < endMs; writes += 1) {
    const name = `m-${Math.floor(Math.random() * NAMES)}`;
    const at = { namespace: 'default', name };
    const data = { write: String(writes), text: 'x'.repeat(500) };
    if (!there.has(name)) {
      const object = aConfigMap(name, { data, labels: { soak: 'yes' } });
      ledger.write(describe('added', await client.create(ConfigMapKind, object)));
      there.add(name);
    } else if (Math.random() < 0.3) {
      await client.delete(ConfigMapKind, at);
      ledger.write(`deleted ${name}`);
      there.delete(name);
    } else {
      const changed = await client.patch(ConfigMapKind, at, { data });
      if (changed !== undefined) ledger.write(describe('modified', changed));
    }
    await sleep(PAUSE_MS);
  }
  return writes;
}

const median = (values: readonly number[]): number =>
  values.toSorted((a, b) => a - b)[Math.floor(values.length / 2)] ?? 0;

const mebibytes = (bytes: number): string => `${(bytes / 1024 / 1024).toFixed(1)} MiB`;

/** The heap of the second quarter against that of the last: the first warms up. */
function growth(samples: readonly Sample[]): { from: number; to: number } {
  const quarter = Math.max(1, Math.floor(samples.length / 4));
  const heap = samples.map((sample) => sample.heap);
  return { from: median(heap.slice(quarter, 2 * quarter)), to: median(heap.slice(-quarter)) };
}

async function soak(seconds: number, dir: string): Promise<boolean> {
  const { client, fetch } = aCluster();
  const faults = createFaults(fetch, systemClock);
  const port = await onPort(faults.fetch);
  const kubeconfig = join(dir, 'kubeconfig');
  await writeKubeconfig(kubeconfig, port.url);
  const ledger = new Ledger();
  const samples: Sample[] = [];
  let restarts = 0;
  const program = fileURLToPath(new URL('./follower.ts', import.meta.url));
  const child = fork(program, [kubeconfig], { execArgv: ['--expose-gc'] });
  const synced = Promise.withResolvers<undefined>();
  child.once('exit', () => {
    synced.reject(new Error('the follower ended'));
  });
  child.on('message', (message: Report) => {
    if (message.is === 'synced') synced.resolve(undefined);
    else if (message.is === 'told') ledger.tell(message.changes);
    else {
      samples.push(message);
      ({ restarts } = message);
    }
  });
  await synced.promise;
  let drops = 0;
  const dropping = setInterval(() => {
    faults.cut();
    drops += 1;
  }, DROP_EVERY_MS);
  const writes = await writeUntil(performance.now() + seconds * 1_000, client, ledger);
  clearInterval(dropping);
  const patience = performance.now() + CATCH_UP_MS;
  while (ledger.missing > 0 && performance.now() < patience) await sleep(50);
  child.kill();
  await port.close();
  await client.close();
  return judge({ writes, drops, restarts, ledger, samples });
}

interface Outcome {
  writes: number;
  drops: number;
  restarts: number;
  ledger: Ledger;
  samples: readonly Sample[];
}

function judge({ writes, drops, restarts, ledger, samples }: Outcome): boolean {
  const { from, to } = growth(samples);
  const rss = Math.max(...samples.map((sample) => sample.rss));
  const problems = [
    ...(ledger.wrong === undefined ? [] : [`told ${ledger.wrong}`]),
    ...(ledger.missing === 0 ? [] : [`${ledger.missing} changes were never told`]),
    ...(restarts > 0 ? [] : ['no watch was dropped']),
    ...(to <= from * 1.05 + SLACK_BYTES ? [] : ['the heap grew']),
  ];
  process.stdout.write(
    `  ${writes} writes, ${ledger.told} changes told, ${ledger.missing} missed\n` +
      `  ${drops} drops, ${restarts} watches begun anew\n` +
      `  heap after collection ${mebibytes(from)} in the second quarter, ${mebibytes(to)} in the last; RSS at most ${mebibytes(rss)}\n` +
      problems.map((problem) => `  FAILED: ${problem}\n`).join(''),
  );
  return problems.length === 0;
}

const { values } = parseArgs({ options: { seconds: { type: 'string', default: '600' } } });
const dir = await mkdtemp(join(tmpdir(), 'muster-soak-'));
try {
  process.exitCode = (await soak(Number(values.seconds), dir)) ? 0 : 1;
} finally {
  await rm(dir, { recursive: true });
}
