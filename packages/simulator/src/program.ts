// The simulator as a program: one service behind HTTP and, when asked for, HTTPS.
import { once } from 'node:events';
import { writeFile } from 'node:fs/promises';
import { ConfigError, USAGE, parseConfig } from './config.ts';
import type { Config } from './config.ts';
import { listen } from './server.ts';
import type { ListenOptions, RunningServer, Serve } from './server.ts';
import { createSimulator } from './simulator.ts';
import type { ServerTls } from './tls.ts';

export interface ProgramOptions {
  readonly stdin: NodeJS.ReadStream;
  readonly stdout: NodeJS.WritableStream;
  readonly stderr: NodeJS.WritableStream;
  /** Ends it. */
  readonly signal: AbortSignal;
}

/** Runs until the signal fires; gives the exit code. Prints one line when it is ready: `ready`, then its URLs. */
export async function runSimulator(
  args: readonly string[],
  options: ProgramOptions,
): Promise<number> {
  const complain = (message: string): void => {
    options.stderr.write(`simulator: ${message}\n`);
  };
  try {
    const config = parseConfig(args);
    if (config === 'help') options.stdout.write(`${USAGE}\n`);
    else await run(config, options, complain);
    return 0;
  } catch (error) {
    complain(error instanceof Error ? error.message : String(error));
    return error instanceof ConfigError ? 2 : 1;
  }
}

async function run(
  config: Config,
  { stdin, stdout, signal }: ProgramOptions,
  complain: (message: string) => void,
): Promise<void> {
  const { holdMs, mode, withParent } = config;
  const simulator = createSimulator({ holdMs, mode });
  const onError = (error: unknown): void => {
    complain(error instanceof Error ? (error.stack ?? error.message) : String(error));
  };
  const servers = await open(simulator.serve, config, onError);
  const ticking = setInterval(simulator.tick, 1000);
  stdout.write(`ready ${servers.map(({ url }) => url).join(' ')}\n`);
  await over(signal, withParent ? stdin : undefined);
  clearInterval(ticking);
  simulator.stop();
  await Promise.all(servers.map(async (server) => server.close()));
}

/** All or none of them. */
async function open(
  serve: Serve,
  { host, port, https }: Config,
  onError: ListenOptions['onError'],
): Promise<RunningServer[]> {
  const tls = https && (await tlsFor(host));
  const servers: RunningServer[] = [];
  try {
    servers.push(await listen(serve, { host, port, onError }));
    if (https && tls) {
      servers.push(await listen(serve, { host, port: https.port, tls, onError }));
      await writeFile(https.caFile, tls.ca);
    }
    return servers;
  } catch (error) {
    await Promise.all(servers.map(async (server) => server.close()));
    // A port in use, an address that this machine does not have, a folder that is not there.
    throw new ConfigError(error instanceof Error ? error.message : String(error), error);
  }
}

async function tlsFor(host: string): Promise<ServerTls> {
  // Only HTTPS needs it, and it takes a good part of the time to start.
  const { createTls } = await import('./tls.ts');
  return createTls(Date.now(), [host]);
}

async function over(signal: AbortSignal, parent: NodeJS.ReadStream | undefined): Promise<void> {
  if (signal.aborted) return;
  const done = new AbortController();
  const ways = [once(signal, 'abort', { signal: done.signal })];
  // A pipe that breaks is the end of the parent too.
  if (parent) ways.push(once(parent, 'end', { signal: done.signal }).catch(() => []));
  parent?.resume();
  await Promise.race(ways);
  done.abort();
  parent?.destroy();
}
