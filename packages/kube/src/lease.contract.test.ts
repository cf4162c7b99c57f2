// Three processes compete for one Lease on a real port while they are killed, stopped, blocked and
// have their clocks set. They act into one journal; its order says whether ever two led.
import { fork } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { expect, onTestFinished } from 'vitest';
import { aCluster } from './testing/cluster.ts';
import { testKubeconfig } from './testing/config.ts';
import { eventually, test } from './testing/ground.ts';
import { onPort, writeKubeconfig } from './testing/port.ts';
import type { ChildProcess } from 'node:child_process';
import type { CandidateArgs, Order } from './testing/candidate.ts';

const PROGRAM = fileURLToPath(new URL('./testing/candidate.ts', import.meta.url));

/** The kubeconfig of the cluster that is asked, which programs can reach. */
async function reachable(dir: string): Promise<string> {
  const real = testKubeconfig();
  if (real !== undefined) return real;
  const { cluster, fetch } = aCluster();
  const port = await onPort(fetch);
  onTestFinished(async () => {
    cluster.close();
    await port.close();
  });
  const path = join(dir, 'kubeconfig');
  await writeKubeconfig(path, port.url);
  return path;
}

interface Line {
  at: bigint;
  who: string;
}

/** Candidates that come back under a new name whenever they end, as pods do. */
class Candidates {
  readonly journal: string;
  readonly #args: Omit<CandidateArgs, 'identity'>;
  readonly #running = new Map<string, ChildProcess>();
  readonly #competing = new Set<string>();
  #started = 0;
  #stopped = false;

  constructor(args: Omit<CandidateArgs, 'identity'>) {
    this.#args = args;
    this.journal = args.journal;
  }

  start(): void {
    this.#started += 1;
    const identity = `candidate-${this.#started}`;
    const child = fork(PROGRAM, [JSON.stringify({ ...this.#args, identity })], { execArgv: [] });
    this.#running.set(identity, child);
    child.once('message', () => this.#competing.add(identity));
    child.once('exit', () => {
      this.#running.delete(identity);
      this.#competing.delete(identity);
      if (!this.#stopped) this.start();
    });
  }

  async stop(): Promise<void> {
    this.#stopped = true;
    const ended = [...this.#running.values()].map(async (child) => {
      const exit = once(child, 'exit');
      child.kill('SIGKILL');
      await exit;
    });
    await Promise.all(ended);
  }

  async lines(): Promise<Line[]> {
    const text = await readFile(this.journal, 'utf8').catch(() => '');
    // The last line may be half written.
    const whole = text
      .slice(0, text.lastIndexOf('\n') + 1)
      .split('\n')
      .slice(0, -1);
    const lines = whole.map((line): Line => {
      const [at = '', who = ''] = line.split(' ');
      return { at: BigInt(at), who };
    });
    return lines.sort((a, b) => (a.at < b.at ? -1 : 1));
  }

  /** Who acted last, once somebody other than these has. */
  async leader(...not: string[]): Promise<string> {
    let last: string | undefined;
    await eventually(async () => {
      last = (await this.lines()).at(-1)?.who;
      return last !== undefined && !not.includes(last) && this.#running.has(last);
    });
    return last ?? '';
  }

  /** Somebody acts so often more. */
  async goOn(times: number): Promise<void> {
    const already = (await this.lines()).length;
    await eventually(async () => (await this.lines()).length >= already + times);
  }

  /** All three are up, and have had the time to look at the Lease. */
  async complete(): Promise<void> {
    await eventually(() => this.#competing.size === 3);
    await this.goOn(60);
  }

  signal(who: string, signal: NodeJS.Signals): void {
    this.#running.get(who)?.kill(signal);
  }

  order(who: string, order: Order): void {
    this.#running.get(who)?.send(order);
  }

  others(who: string): string[] {
    return [...this.#running.keys()].filter((name) => name !== who);
  }
}

/** Whoever acted, in order, each as often as it began anew after another. */
const reigns = (lines: readonly Line[]): string[] =>
  lines.map(({ who }) => who).filter((who, index, all) => who !== all[index - 1]);

const HOUR_MS = 3_600_000;

test('of three candidates never two act, whatever happens to them', async ({ namespace }) => {
  const dir = await mkdtemp(join(tmpdir(), 'muster-lease-'));
  const kubeconfig = await reachable(dir);
  const place = testKubeconfig() === undefined ? 'default' : namespace;
  const journal = join(dir, 'journal');
  const all = new Candidates({ kubeconfig, namespace: place, name: 'muster', journal });
  onTestFinished(async () => {
    await all.stop();
    await rm(dir, { recursive: true });
  });
  for (let count = 0; count < 3; count += 1) all.start();

  await all.complete();
  const killed = await all.leader();
  all.signal(killed, 'SIGKILL');

  const stopped = await all.leader(killed);
  all.signal(stopped, 'SIGSTOP');
  const afterStop = await all.leader(killed, stopped);
  all.signal(stopped, 'SIGCONT');
  await all.complete();

  all.order(afterStop, { do: 'block', ms: 1_800 });
  const afterBlock = await all.leader(killed, stopped, afterStop);
  await all.complete();

  // The clocks of those who wait, then that of the one who leads, forth and back.
  for (const other of all.others(afterBlock)) all.order(other, { do: 'set-clock', byMs: HOUR_MS });
  await all.goOn(20);
  all.order(await all.leader(), { do: 'set-clock', byMs: HOUR_MS });
  await all.goOn(20);
  all.order(await all.leader(), { do: 'set-clock', byMs: -2 * HOUR_MS });
  await all.goOn(20);

  const ending = await all.leader();
  all.signal(ending, 'SIGTERM');
  await all.leader(ending);

  const led = reigns(await all.lines());
  expect(led.length).toBeGreaterThanOrEqual(5);
  // Each name is one process, so whoever was followed by another and acted again did so beside it.
  expect(led).toEqual([...new Set(led)]);
});
