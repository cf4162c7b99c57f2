// Startup, readiness and liveness probes of one run of a container.
import { spawn } from 'node:child_process';
import { request as httpRequest } from 'node:http';
import { request as httpsRequest } from 'node:https';
import { connect } from 'node:net';
import { sleep } from './clock.ts';
import type { Clock } from './clock.ts';
import type { Container, Probe } from './pod.ts';
import { killGroup } from './strays.ts';

type ProbeKind = 'Startup' | 'Readiness' | 'Liveness';

export interface ProbeTarget {
  container: Container;
  process: { cwd: string; env: Record<string, string>; root: string };
  clock: Clock;
  address: string;
  ports: ReadonlyMap<number, number>;
  started(): void;
  ready(ready: boolean): void;
  failed(kind: ProbeKind, message: string): void;
  dead(kind: ProbeKind): void;
}

/** Undefined when all is well, else what is not. */
type Verdict = string | undefined;

/** Answers how to stop them. */
export function startProbes(target: ProbeTarget): () => void {
  const ended = new AbortController();
  void probeAll(target, ended.signal);
  return () => {
    ended.abort();
  };
}

async function probeAll(target: ProbeTarget, signal: AbortSignal): Promise<void> {
  const { startupProbe, readinessProbe, livenessProbe } = target.container;
  if (startupProbe) {
    const outcome = await settle('Startup', startupProbe, { target, signal });
    if (signal.aborted) return;
    if (outcome === 'failing') {
      target.dead('Startup');
      return;
    }
    target.started();
  }
  await Promise.all([
    readinessProbe && watchReadiness(readinessProbe, target, signal),
    livenessProbe && watchLiveness(livenessProbe, target, signal),
  ]);
}

async function watchReadiness(
  probe: Probe,
  target: ProbeTarget,
  signal: AbortSignal,
): Promise<void> {
  let isReady = false;
  await follow('Readiness', probe, {
    target,
    signal,
    turned: (outcome) => {
      if ((outcome === 'passing') !== isReady) target.ready((isReady = !isReady));
      return 'go on';
    },
  });
}

async function watchLiveness(
  probe: Probe,
  target: ProbeTarget,
  signal: AbortSignal,
): Promise<void> {
  await follow('Liveness', probe, {
    target,
    signal,
    turned: (outcome) => {
      if (outcome === 'passing') return 'go on';
      target.dead('Liveness');
      return 'stop';
    },
  });
}

type Outcome = 'passing' | 'failing';

interface Following {
  target: ProbeTarget;
  signal: AbortSignal;
  /** Told each time as many answers in a row as the threshold asks agree. */
  turned(outcome: Outcome): 'go on' | 'stop';
}

async function settle(
  kind: ProbeKind,
  probe: Probe,
  { target, signal }: Omit<Following, 'turned'>,
): Promise<Outcome> {
  let last: Outcome = 'failing';
  const turned = (outcome: Outcome): 'stop' => {
    last = outcome;
    return 'stop';
  };
  await follow(kind, probe, { target, signal, turned });
  return last;
}

async function follow(kind: ProbeKind, probe: Probe, following: Following): Promise<void> {
  const { target, signal } = following;
  const { initialDelaySeconds = 0, periodSeconds = 10 } = probe;
  const isEnough = rowCounter(probe);
  await sleep(target.clock, initialDelaySeconds * 1000, signal);
  for (;;) {
    const problem = await ask(probe, target, signal);
    // While the container ends, its silence means nothing.
    if (signal.aborted) return;
    if (problem !== undefined) target.failed(kind, problem);
    const outcome: Outcome = problem === undefined ? 'passing' : 'failing';
    if (isEnough(outcome) && following.turned(outcome) === 'stop') return;
    await sleep(target.clock, periodSeconds * 1000, signal);
  }
}

/** Counts equal answers in a row, and tells when there are as many as the probe asks for. */
function rowCounter({ successThreshold = 1, failureThreshold = 3 }: Probe) {
  let last: Outcome | undefined;
  let length = 0;
  return (outcome: Outcome): boolean => {
    length = outcome === last ? length + 1 : 1;
    last = outcome;
    return length >= (outcome === 'passing' ? successThreshold : failureThreshold);
  };
}

async function ask(probe: Probe, target: ProbeTarget, signal: AbortSignal): Promise<Verdict> {
  const late = new AbortController();
  const seconds = probe.timeoutSeconds ?? 1;
  const cancel = target.clock.setTimeout(() => {
    late.abort();
  }, seconds * 1000);
  try {
    return await once(probe, target, AbortSignal.any([signal, late.signal]));
  } catch (error) {
    if (late.signal.aborted) return `no answer within ${seconds}s`;
    return error instanceof Error ? error.message : String(error);
  } finally {
    cancel();
  }
}

async function once(probe: Probe, target: ProbeTarget, signal: AbortSignal): Promise<Verdict> {
  const { exec, httpGet, tcpSocket } = probe;
  if (exec) return run(exec.command ?? [], target, signal);
  if (httpGet) return visit(httpGet, target, signal);
  if (tcpSocket) return dial(tcpSocket, target, signal);
  return 'a probe of this kind is unknown to this node';
}

function portOf(port: number | string, { container, ports }: ProbeTarget): number {
  const named = container.ports?.find(({ name }) => name === port)?.containerPort;
  const number = named ?? Number(port);
  return ports.get(number) ?? number;
}

async function run(
  command: readonly string[],
  { process }: ProbeTarget,
  signal: AbortSignal,
): Promise<Verdict> {
  const [file = '', ...args] = command;
  const { cwd, env } = process;
  const child = spawn(file, args, { cwd, env, detached: true, stdio: 'ignore' });
  const end = (): void => void killGroup(child.pid ?? 0, 'SIGKILL');
  signal.addEventListener('abort', end, { once: true });
  try {
    return await new Promise((resolve, reject) => {
      child.once('error', reject);
      child.once('exit', (code) => {
        if (signal.aborted) reject(new Error('ended'));
        else resolve(code === 0 ? undefined : `${file} ended with exit code ${code ?? 'none'}`);
      });
    });
  } finally {
    signal.removeEventListener('abort', end);
    end();
  }
}

async function visit(
  { path = '/', port, host, scheme, httpHeaders = [] }: NonNullable<Probe['httpGet']>,
  target: ProbeTarget,
  signal: AbortSignal,
): Promise<Verdict> {
  const request = scheme === 'HTTPS' ? httpsRequest : httpRequest;
  const headers = Object.fromEntries(httpHeaders.map(({ name, value }) => [name, value]));
  const status = await new Promise<number>((resolve, reject) => {
    const outgoing = request({
      host: host ?? target.address,
      port: portOf(port, target),
      path,
      headers: { 'user-agent': 'kube-probe/1.34', connection: 'close', ...headers },
      rejectUnauthorized: false,
      signal,
    });
    outgoing.once('error', reject);
    outgoing.once('response', (response) => {
      response.resume();
      resolve(response.statusCode ?? 0);
    });
    outgoing.end();
  });
  return status >= 200 && status < 400 ? undefined : `HTTP probe failed with statuscode: ${status}`;
}

async function dial(
  { port, host }: NonNullable<Probe['tcpSocket']>,
  target: ProbeTarget,
  signal: AbortSignal,
): Promise<Verdict> {
  const socket = connect({ host: host ?? target.address, port: portOf(port, target), signal });
  try {
    await new Promise<void>((resolve, reject) => {
      socket.once('connect', resolve);
      socket.once('error', reject);
    });
    return undefined;
  } finally {
    socket.destroy();
  }
}
