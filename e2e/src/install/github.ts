// The simulator where pods reach it, over HTTP or, with an authority of its own, over HTTPS.
import { createControl, createSimulator, listen } from '@muster/simulator';
import { createTls } from '@muster/simulator/tls';
import type { RunDescription, Simulator } from '@muster/simulator';
import type { Ground } from './ground.ts';

const TICK_MS = 1_000;

export interface GitHub {
  simulator: Simulator;
  /** For `githubConfigUrl`, before the organization. */
  url: string;
  port: number;
  /** PEM, when it is reached over HTTPS. */
  ca?: string;
  /** Pushes a workflow file, and gives its run. */
  push(owner: string, content: string): Promise<number>;
  run(id: number): Promise<RunDescription>;
  close(): Promise<void>;
}

export interface GitHubWish {
  /** With it: HTTPS, for that name. Else HTTP, for the name that the ground gives this machine. */
  name?: string;
}

export async function startGitHub(ground: Ground, { name }: GitHubWish = {}): Promise<GitHub> {
  const simulator = createSimulator();
  const tls = name === undefined ? undefined : await createTls(Date.now(), [name]);
  const problems: unknown[] = [];
  const server = await listen(simulator.serve, {
    host: ground.listen,
    port: 0,
    onError: (error) => problems.push(error),
    ...(tls && { tls }),
  });
  const ticking = setInterval(simulator.tick, TICK_MS);
  // In process: the control API answers nobody else.
  const control = createControl('http://localhost', simulator.fetch);
  const { port } = new URL(server.url);
  return {
    simulator,
    url: `${tls ? 'https' : 'http'}://${name ?? ground.host}:${port}`,
    port: Number(port),
    ...(tls && { ca: tls.ca }),
    async push(owner, content) {
      const wish = { path: 'ci.yml', content, owner, repository: 'app', repositoryPath: '/' };
      const started = await control.startRun(wish);
      if (started.is === 'broken') throw new Error(started.problems.join('\n'));
      return started.run.id;
    },
    run: (id) => control.run(id),
    async close() {
      clearInterval(ticking);
      simulator.stop();
      await server.close();
      if (problems.length > 0) throw new AggregateError(problems, 'the simulator failed');
    },
  };
}
