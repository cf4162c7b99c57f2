// How much one simulator process carries: 2,000 runners of 50 scale sets, all over sockets, and 500 job messages a
// second; then as many as it can. `node bench/simulator.bench.ts [--seconds 10] [--sets 50] [--runners 2000] [--rate 500]`
import { spawn } from 'node:child_process';
import type { ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { Agent, request } from 'node:http';
import { createInterface } from 'node:readline';
import { text } from 'node:stream/consumers';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { decodeJitConfig } from '../packages/simulator/src/runner-protocol.ts';
import { memoryOf } from './memory.ts';

/** A job tells its listener three things: assigned, started, completed. */
const MESSAGES_A_JOB = 3;
const JOB_MS = 500;
const FEED_MS = 10;
const FEED_AT_ONCE = 50;

interface Answer {
  status: number;
  text: string;
}

interface Ask {
  token?: string;
  headers?: Record<string, string>;
  body?: unknown;
}

type Call = (method: string, path: string, ask?: Ask) => Promise<Answer>;

// node:http, as it costs this process less than fetch does.
function caller(origin: string, agent: Agent): Call {
  return async (method, path, { token, headers, body } = {}) => {
    const sent = request(`${origin}${path}`, {
      method,
      agent,
      headers: {
        'user-agent': 'bench',
        'content-type': 'application/json',
        ...(token !== undefined && { authorization: `Bearer ${token}` }),
        ...headers,
      },
    });
    sent.end(body === undefined ? undefined : JSON.stringify(body));
    const [response] = (await once(sent, 'response')) as [
      Parameters<typeof text>[0] & { statusCode: number },
    ];
    return { status: response.statusCode, text: await text(response) };
  };
}

function json({ status, text: body }: Answer): unknown {
  if (status >= 300) throw new Error(`answered ${status}: ${body}`);
  return JSON.parse(body);
}

interface World {
  call: Call;
  admin: string;
  base: string;
  tally: { messages: number; jobs: number; latencies: number[] };
  queuedAt: Map<string, number>;
  isOver: boolean;
}

const VERSION = 'api-version=6.0-preview';

async function connect(call: Call): Promise<World> {
  const registration = json(
    await call('POST', '/orgs/my-org/actions/runners/registration-token', { token: 'any' }),
  ) as { token: string };
  const { url, token } = json(
    await call('POST', '/actions/runner-registration', {
      headers: { authorization: `RemoteAuth ${registration.token}` },
      body: { url: 'http://127.0.0.1/my-org', runner_event: 'register' },
    }),
  ) as { url: string; token: string };
  const base = `${new URL(url).pathname}_apis/runtime/runnerscalesets`;
  const tally = { messages: 0, jobs: 0, latencies: [] };
  return { call, admin: token, base, tally, queuedAt: new Map(), isOver: false };
}

async function openSet({ call, admin: token, base }: World, name: string): Promise<ScaleSet> {
  const { id } = json(
    await call('POST', `${base}?${VERSION}`, { token, body: { name, runnerGroupId: 1 } }),
  ) as { id: number };
  const session = json(
    await call('POST', `${base}/${id}/sessions?${VERSION}`, { token, body: { ownerName: name } }),
  ) as { messageQueueUrl: string; messageQueueAccessToken: string };
  const queue = new URL(session.messageQueueUrl).pathname;
  return { id, name, queue, token: session.messageQueueAccessToken };
}

interface ScaleSet {
  id: number;
  name: string;
  queue: string;
  token: string;
}

/** Hears of jobs, as a listener does. */
async function listen(world: World, { queue, token }: ScaleSet, capacity: number): Promise<void> {
  const headers = {
    accept: 'application/json; api-version=6.0-preview',
    'x-scalesetmaxcapacity': `${capacity}`,
  };
  for (let cursor = 0; !world.isOver;) {
    const query = cursor === 0 ? '' : `?lastMessageId=${cursor}`;
    const answer = await world.call('GET', `${queue}${query}`, { token, headers });
    if (answer.status === 202) continue;
    const { messageId, body } = json(answer) as { messageId: number; body: string };
    const now = performance.now();
    for (const { messageType, jobId } of JSON.parse(body) as {
      messageType: string;
      jobId: string;
    }[]) {
      world.tally.messages += 1;
      if (messageType === 'JobAssigned')
        world.tally.latencies.push(now - (world.queuedAt.get(jobId) ?? now));
    }
    cursor = messageId;
    await world.call('DELETE', `${queue}/${messageId}`, { token });
  }
}

/** One runner after the other, each for one job. */
async function keepRunner(world: World, { id, name }: ScaleSet, slot: number): Promise<void> {
  const { call, admin, base } = world;
  for (let number = 0; !world.isOver; number += 1) {
    const wish = { name: `${name}-${slot}-${number}`, workFolder: '' };
    const { encodedJITConfig } = json(
      await call('POST', `${base}/${id}/generatejitconfig?${VERSION}`, {
        token: admin,
        body: wish,
      }),
    ) as { encodedJITConfig: string };
    const token = decodeJitConfig(encodedJITConfig)?.token ?? '';
    await call('POST', '/_runner/session', { token });
    const { jobId } = json(await offer(world, token)) as { jobId: string };
    const job = `/_runner/jobs/${jobId}`;
    await call('POST', `${job}/started`, { token });
    await call('POST', `${job}/log`, { token, body: 'a line of its log' });
    await sleep(JOB_MS);
    await call('POST', `${job}/complete`, { token, body: { result: 'succeeded' } });
    world.queuedAt.delete(jobId);
    world.tally.jobs += 1;
  }
}

async function offer({ call }: World, token: string): Promise<Answer> {
  for (;;) {
    const answer = await call('GET', '/_runner/message', { token });
    if (answer.status !== 202) return answer;
  }
}

/** So many jobs a second, evenly over the sets; `Infinity`: as many as its runners can take. */
async function feed(
  world: World,
  sets: readonly ScaleSet[],
  wish: { rate: number; most: number; until: number },
): Promise<void> {
  const started = performance.now();
  let queued = 0;
  const add = async (): Promise<void> => {
    const id = `job-${started}-${queued}`;
    const label = sets[queued % sets.length]?.name ?? '';
    queued += 1;
    world.queuedAt.set(id, performance.now());
    const answer = await world.call('POST', '/_control/jobs', { body: { id, labels: [label] } });
    if (answer.status !== 201) throw new Error(`the job was not taken: ${answer.text}`);
  };
  while (performance.now() < wish.until) {
    const due = Math.ceil(((performance.now() - started) / 1000) * wish.rate) - queued;
    const room = wish.most - world.queuedAt.size;
    const now = Math.max(0, Math.min(due, room, FEED_AT_ONCE));
    await Promise.all(Array.from({ length: now }, add));
    await sleep(FEED_MS);
  }
}

interface Usage {
  cpuMs: number;
  rssMiB: number;
  anonMiB: number;
}

/** Of another process, on Linux; zeros elsewhere. */
function usageOf({ pid = 0 }: ChildProcess): Usage {
  try {
    const fields = readFileSync(`/proc/${pid}/stat`, 'utf8').split(') ')[1]?.split(' ') ?? [];
    // utime and stime, in ticks of 10 ms.
    const cpuMs = (Number(fields[11]) + Number(fields[12])) * 10;
    const { rss = 0, anonymous = 0 } = memoryOf(pid) ?? {};
    return { cpuMs, rssMiB: rss / 2 ** 20, anonMiB: anonymous / 2 ** 20 };
  } catch {
    return { cpuMs: 0, rssMiB: 0, anonMiB: 0 };
  }
}

interface Load {
  name: string;
  /** Job messages a second. */
  rate: number;
  seconds: number;
  most: number;
}

async function measure(
  world: World,
  sets: readonly ScaleSet[],
  { load, child }: { load: Load; child: ChildProcess },
): Promise<void> {
  const { tally } = world;
  const [before, own] = [usageOf(child), process.cpuUsage()];
  Object.assign(tally, { messages: 0, jobs: 0, latencies: [] });
  const started = performance.now();
  const until = started + load.seconds * 1000;
  await feed(world, sets, { rate: load.rate / MESSAGES_A_JOB, most: load.most, until });
  const wallMs = performance.now() - started;
  const after = usageOf(child);
  const { user, system } = process.cpuUsage(own);
  const sorted = tally.latencies.sort((a, b) => a - b);
  const perMessage =
    tally.messages === 0 ? '-' : ((after.cpuMs - before.cpuMs) / tally.messages).toFixed(2);
  const quantile = (share: number): string =>
    sorted[Math.floor(share * (sorted.length - 1))]?.toFixed(1) ?? '-';
  process.stdout.write(
    `${load.name.padEnd(24)}${(tally.messages / (wallMs / 1000)).toFixed(0).padStart(6)} messages/s` +
      `  ${(tally.jobs / (wallMs / 1000)).toFixed(0).padStart(5)} jobs/s` +
      `  CPU ${(((after.cpuMs - before.cpuMs) / wallMs) * 100).toFixed(0).padStart(3)} %` +
      ` (${perMessage} ms a message)` +
      `  RSS ${after.rssMiB.toFixed(0)} MiB (anonymous ${after.anonMiB.toFixed(0)})` +
      `  queued to heard p50 ${quantile(0.5)} ms, p99 ${quantile(0.99)} ms` +
      `  (this process: CPU ${((user + system) / 10 / wallMs).toFixed(0)} %)\n`,
  );
}

async function startSimulator(): Promise<{ child: ChildProcess; origin: string }> {
  const main = fileURLToPath(new URL('../packages/simulator/src/main.ts', import.meta.url));
  const child = spawn(process.execPath, [main, '--with-parent'], {
    stdio: ['pipe', 'pipe', 'inherit'],
  });
  const [line] = (await once(createInterface({ input: child.stdout }), 'line')) as [string];
  return { child, origin: line.replace('ready ', '') };
}

function parse(): { seconds: number; sets: number; runners: number; rate: number } {
  const { values } = parseArgs({
    options: {
      seconds: { type: 'string', default: '10' },
      sets: { type: 'string', default: '50' },
      runners: { type: 'string', default: '2000' },
      rate: { type: 'string', default: '500' },
    },
  });
  const { seconds, sets, runners, rate } = values;
  return {
    seconds: Number(seconds),
    sets: Number(sets),
    runners: Number(runners),
    rate: Number(rate),
  };
}

async function main(): Promise<void> {
  const { seconds, sets: howMany, runners, rate } = parse();
  const { child, origin } = await startSimulator();
  const agent = new Agent({ keepAlive: true, maxSockets: Infinity });
  const world = await connect(caller(origin, agent));
  const sets: ScaleSet[] = [];
  for (let i = 0; i < howMany; i += 1) sets.push(await openSet(world, `set-${i}`));
  const capacity = Math.ceil(runners / howMany);
  // Whatever is under way when the time is up ends with its connection.
  const ending = (error: unknown): void => {
    if (!world.isOver) throw error;
  };
  for (const set of sets) listen(world, set, capacity).catch(ending);
  for (let slot = 0; slot < runners; slot += 1) {
    const set = sets[slot % sets.length];
    if (set) keepRunner(world, set, slot).catch(ending);
  }
  const state = async (): Promise<{ runners: { state: string }[] }> =>
    json(await world.call('GET', '/_control/state')) as { runners: { state: string }[] };
  while ((await state()).runners.filter((one) => one.state === 'idle').length < runners)
    await sleep(200);
  const idle = { name: `${runners} runners wait`, rate: 0, seconds: 3, most: 0 };
  const asked = { name: `${rate} messages/s asked`, rate, seconds, most: runners };
  const all = { name: 'as many as it can', rate: Infinity, seconds, most: runners };
  for (const load of [idle, asked, all]) await measure(world, sets, { load, child });
  world.isOver = true;
  agent.destroy();
  child.kill('SIGTERM');
  await once(child, 'close');
}

await main();
