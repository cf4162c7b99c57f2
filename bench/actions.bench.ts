// What the Actions client costs: messages a second and memory for 1, 50 and 200 sessions of one client in one process,
// over sockets, against the simulator in another. `node bench/actions.bench.ts [--seconds 5] [--sessions 1,50,200]`
//
// A message that is acknowledged comes again (the simulator is told to forget), so that nobody has to make new ones:
// what is measured is a poll, its message of one job, and its acknowledgement. Each row has a process of its own.
import { spawn } from 'node:child_process';
import type { ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { createInterface } from 'node:readline';
import { text } from 'node:stream/consumers';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { createActionsClient } from '../packages/actions/src/index.ts';
import type { ActionsClient, MessageSession } from '../packages/actions/src/index.ts';
import { createControl } from '../packages/simulator/src/control.ts';
import { memoryOf } from './memory.ts';

const WARM_UP_MS = 1_000;
/** For garbage to go, and for what a start allocates. */
const SETTLE_MS = 2_000;
const FOR_EVER = 1_000_000_000;
/** The unit of /proc/PID/stat; it is 100 a second on every Linux that Node runs on. */
const TICKS_A_SECOND = 100;

interface Memory {
  rss: number;
  /** Without what is mapped from files; unknown where there is no /proc. */
  anonymous?: number | undefined;
}

interface Row {
  sessions: number;
  messages: number;
  seconds: number;
  p50Ms: number;
  p99Ms: number;
  cpuMs: number;
  simulatorCpuMs?: number | undefined;
  started: Memory;
  listening: Memory;
  loaded: Memory;
}

interface WorkerArgs {
  url: string;
  pid: number;
  sessions: number;
  seconds: number;
}

function memory(): Memory {
  return { rss: process.memoryUsage.rss(), anonymous: memoryOf()?.anonymous };
}

function fromProc(path: string, pattern: RegExp, unit: number): number | undefined {
  try {
    const found = pattern.exec(readFileSync(`/proc/${path}`, 'utf8'))?.[1];
    return found === undefined ? undefined : Number(found) * unit;
  } catch {
    return undefined;
  }
}

function cpuMsOf(pid: number): number | undefined {
  const field = (at: number): number | undefined =>
    fromProc(`${pid}/stat`, new RegExp(`\\) \\S+(?: \\S+){${at}} (\\d+)`), 1000 / TICKS_A_SECOND);
  // utime and stime are the 14th and 15th fields, the state behind the name is the third.
  const [user, system] = [field(10), field(11)];
  return user === undefined || system === undefined ? undefined : user + system;
}

/** One row, in this process. */
async function measure({ url, pid, sessions: count, seconds }: WorkerArgs): Promise<Row> {
  const started = memory();
  const client = createActionsClient({
    configUrl: `${url}/${ownerOf(count)}`,
    credentials: { kind: 'token', token: 'bench' },
    userAgent: { version: '0.1.0', subsystem: 'bench' },
  });
  const sessions = await Promise.all(namesOf(count).map((name) => open(client, name)));
  const listening = await whileListening(sessions);
  await listenFor(sessions, WARM_UP_MS);
  const before = { cpu: process.cpuUsage(), simulator: cpuMsOf(pid) };
  const { latencies, ms, loaded } = await listenFor(sessions, seconds * 1000);
  const { user, system } = process.cpuUsage(before.cpu);
  const after = cpuMsOf(pid);
  await client.close();
  return {
    sessions: count,
    messages: latencies.length,
    seconds: ms / 1000,
    ...percentiles(latencies),
    cpuMs: (user + system) / 1000,
    ...(after !== undefined && { simulatorCpuMs: after - (before.simulator ?? 0) }),
    started,
    listening,
    loaded,
  };
}

async function open(client: ActionsClient, name: string): Promise<MessageSession> {
  const { id } = await client.createScaleSet({ name, runnerGroupId: 1 });
  return client.createSession(id, 'bench');
}

/** With a poll of every session held: without room for a job there is nothing to tell. */
async function whileListening(sessions: MessageSession[]): Promise<Memory> {
  const enough = new AbortController();
  const { signal } = enough;
  const polls = sessions.map((session) =>
    session.poll({ lastMessageId: 0, maxCapacity: 0 }, { signal }),
  );
  await sleep(SETTLE_MS);
  const listening = memory();
  enough.abort();
  await Promise.allSettled(polls);
  return listening;
}

const ownerOf = (count: number): string => `bench-${count}`;

const namesOf = (count: number): string[] =>
  Array.from({ length: count }, (_, at) => `set-${count}-${at}`);

/** A job for each set, whose message is told again and again. */
async function prepare(url: string, count: number): Promise<void> {
  const control = createControl(url);
  await control.addFault({
    call: 'delete-message',
    scope: ownerOf(count),
    times: FOR_EVER,
    effect: { do: 'forget', status: 204 },
  });
  for (const name of namesOf(count)) {
    await control.queueJob({ labels: [name], owner: ownerOf(count) });
  }
}

/** All sessions take turns as fast as they can. */
async function listenFor(
  sessions: MessageSession[],
  forMs: number,
): Promise<{ latencies: number[]; ms: number; loaded: Memory }> {
  const latencies: number[] = [];
  const begun = performance.now();
  const hear = async (session: MessageSession): Promise<void> => {
    for (let at = begun; at - begun < forMs;) {
      const message = await session.poll({ lastMessageId: 0, maxCapacity: 1 });
      if (message === undefined) throw new Error('a poll ended without a message');
      await session.acknowledge(message.id);
      const now = performance.now();
      latencies.push(now - at);
      at = now;
    }
  };
  let loaded = memory();
  const sampling = setInterval(() => {
    const now = memory();
    if (now.rss > loaded.rss) loaded = now;
  }, 100);
  try {
    await Promise.all(sessions.map(hear));
  } finally {
    clearInterval(sampling);
  }
  return { latencies, ms: performance.now() - begun, loaded };
}

function percentiles(latencies: number[]): { p50Ms: number; p99Ms: number } {
  const sorted = [...latencies].sort((one, other) => one - other);
  const at = (share: number): number => sorted[Math.floor(sorted.length * share)] ?? 0;
  return { p50Ms: at(0.5), p99Ms: at(0.99) };
}

async function startSimulator(): Promise<{ url: string; child: ChildProcess }> {
  const main = fileURLToPath(new URL('../packages/simulator/src/main.ts', import.meta.url));
  const child = spawn(process.execPath, [main, '--with-parent'], {
    stdio: ['pipe', 'pipe', 'inherit'],
  });
  for await (const line of createInterface({ input: child.stdout })) {
    const url = /^ready (\S+)/.exec(line)?.[1];
    if (url !== undefined) return { url, child };
  }
  throw new Error('the simulator did not start');
}

async function inProcessOfItsOwn(args: WorkerArgs): Promise<Row> {
  const options = Object.entries(args).flatMap(([name, value]) => [`--${name}`, String(value)]);
  const child = spawn(process.execPath, [fileURLToPath(import.meta.url), '--worker', ...options], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  const [row] = await Promise.all([text(child.stdout), once(child, 'close')]);
  if (child.exitCode !== 0) throw new Error(`the row of ${args.sessions} sessions failed`);
  return JSON.parse(row) as Row;
}

const mib = ({ rss, anonymous }: Memory): string => {
  const inMib = (bytes: number): string => (bytes / 2 ** 20).toFixed(0);
  return anonymous === undefined ? inMib(rss) : `${inMib(rss)} (${inMib(anonymous)})`;
};

const COLUMNS: [title: string, cell: (row: Row) => string][] = [
  ['sessions', ({ sessions }) => `${sessions}`],
  ['messages/s', ({ messages, seconds }) => (messages / seconds).toFixed(0)],
  ['p50 ms', ({ p50Ms }) => p50Ms.toFixed(1)],
  ['p99 ms', ({ p99Ms }) => p99Ms.toFixed(1)],
  ['CPU µs/message', ({ cpuMs, messages }) => ((cpuMs * 1000) / messages).toFixed(0)],
  ['CPU %', ({ cpuMs, seconds }) => (cpuMs / seconds / 10).toFixed(0)],
  [
    'simulator %',
    ({ simulatorCpuMs: ms, seconds }) => (ms === undefined ? '-' : (ms / seconds / 10).toFixed(0)),
  ],
  ['started', ({ started }) => mib(started)],
  ['listening', ({ listening }) => mib(listening)],
  ['loaded', ({ loaded }) => mib(loaded)],
];

function table(rows: Row[]): string {
  const cells = [
    COLUMNS.map(([title]) => title),
    ...rows.map((row) => COLUMNS.map((c) => c[1](row))),
  ];
  const widths = COLUMNS.map((_, at) => Math.max(...cells.map((line) => line[at]?.length ?? 0)));
  const line = (of: string[]): string =>
    of.map((cell, at) => cell.padStart(widths[at] ?? 0)).join('  ');
  return `${cells.map(line).join('\n')}\n`;
}

async function bench(counts: number[], seconds: number): Promise<void> {
  const { url, child } = await startSimulator();
  try {
    const rows: Row[] = [];
    for (const sessions of counts) {
      await prepare(url, sessions);
      rows.push(await inProcessOfItsOwn({ url, pid: child.pid ?? 0, sessions, seconds }));
    }
    process.stdout.write(table(rows));
    process.stdout.write(
      'A message is a poll, one job message, and its acknowledgement. Memory is RSS (RssAnon) in MiB; sources, not a bundle.\n',
    );
  } finally {
    child.stdin?.end();
    await once(child, 'close');
  }
}

const { values } = parseArgs({
  options: {
    seconds: { type: 'string', default: '5' },
    sessions: { type: 'string', default: '1,50,200' },
    worker: { type: 'boolean', default: false },
    url: { type: 'string', default: '' },
    pid: { type: 'string', default: '0' },
  },
});
const counts = values.sessions.split(',').map(Number);
const seconds = Number(values.seconds);
if (!counts.every((count) => Number.isInteger(count) && count > 0) || !(seconds > 0)) {
  process.stderr.write('bench: --sessions are whole numbers above 0, --seconds a number above 0\n');
  process.exitCode = 2;
} else if (values.worker) {
  const [sessions = 1] = counts;
  const row = await measure({ url: values.url, pid: Number(values.pid), sessions, seconds });
  process.stdout.write(JSON.stringify(row));
} else {
  await bench(counts, seconds);
}
