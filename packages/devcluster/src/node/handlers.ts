// What probes and lifecycle hooks do: run a program in the container, or ask one of its ports.
import { spawn } from 'node:child_process';
import { request as httpRequest } from 'node:http';
import { request as httpsRequest } from 'node:https';
import { connect } from 'node:net';
import { sleep } from './clock.ts';
import type { Clock } from './clock.ts';
import type { Env } from './env.ts';
import type { Container, Handler } from './pod.ts';
import type { Room } from './room.ts';
import { killGroup } from './strays.ts';

/** A running container, as its probes and hooks reach it. */
export interface Reach {
  container: Container;
  room: Room;
  env: Env;
  clock: Clock;
  address: string;
  ports: ReadonlyMap<number, number>;
}

/** Undefined when all is well, else what is not. */
export type Verdict = string | undefined;

/** Of what a program says as much is kept. */
const MOST_OUTPUT = 10 * 1024;

/** Throws when the signal fires first, and when nobody answers. */
export async function perform(
  handler: Handler,
  reach: Reach,
  signal: AbortSignal,
): Promise<Verdict> {
  const { exec, httpGet, tcpSocket, sleep: pause } = handler;
  if (exec) return run(exec.command ?? [], reach, signal);
  if (httpGet) return visit(httpGet, reach, signal);
  if (tcpSocket) return dial(tcpSocket, reach, signal);
  if (pause) await sleep(reach.clock, pause.seconds * 1000, signal);
  return undefined;
}

function portOf(port: number | string, { container, ports }: Reach): number {
  const named = container.ports?.find(({ name }) => name === port)?.containerPort;
  const number = named ?? Number(port);
  return ports.get(number) ?? number;
}

async function run(
  command: readonly string[],
  { room, env }: Reach,
  signal: AbortSignal,
): Promise<Verdict> {
  const { argv, cwd } = room.command(command);
  const [file = '', ...args] = argv;
  const child = spawn(file, args, { cwd, env, detached: true, stdio: ['ignore', 'pipe', 'pipe'] });
  let output = '';
  for (const stream of [child.stdout, child.stderr]) {
    stream.setEncoding('utf8').on('data', (text: string) => {
      output = (output + text).slice(0, MOST_OUTPUT);
    });
  }
  const end = (): void => void killGroup(child.pid ?? 0, 'SIGKILL');
  signal.addEventListener('abort', end, { once: true });
  try {
    return await new Promise((resolve, reject) => {
      child.once('error', reject);
      child.once('exit', (code) => {
        if (signal.aborted) reject(new Error('command timed out'));
        else if (code === 0) resolve(undefined);
        // Whoever still holds our pipes goes with the group, and then they close.
        else {
          child.once('close', () => {
            resolve(output === '' ? `exit code ${code ?? 'none'}` : output);
          });
        }
        end();
      });
    });
  } finally {
    signal.removeEventListener('abort', end);
    end();
  }
}

async function visit(
  { path = '/', port, host, scheme, httpHeaders = [] }: NonNullable<Handler['httpGet']>,
  reach: Reach,
  signal: AbortSignal,
): Promise<Verdict> {
  const request = scheme === 'HTTPS' ? httpsRequest : httpRequest;
  const headers = Object.fromEntries(httpHeaders.map(({ name, value }) => [name, value]));
  const status = await new Promise<number>((resolve, reject) => {
    const outgoing = request({
      host: host ?? reach.address,
      port: portOf(port, reach),
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
  { port, host }: NonNullable<Handler['tcpSocket']>,
  reach: Reach,
  signal: AbortSignal,
): Promise<Verdict> {
  const socket = connect({ host: host ?? reach.address, port: portOf(port, reach), signal });
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
