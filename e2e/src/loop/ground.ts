// What all parts stand on: one time, a cluster and GitHub in memory, the way to them, a transcript.
import { createCluster } from '@muster/devcluster';
import type { Cluster } from '@muster/devcluster';
import { createSteppedClock } from '@muster/kube/testing';
import type { SteppedClock } from '@muster/kube/testing';
import { createSimulator } from '@muster/simulator';
import type { Simulator } from '@muster/simulator';
import type { Side } from './call.ts';
import { createMishaps } from './mishap.ts';
import type { Sender, Weather } from './mishap.ts';
import { createNetwork } from './network.ts';
import type { Fetch, Network, Order } from './network.ts';
import { createTranscript } from './transcript.ts';
import type { Transcript } from './transcript.ts';

export interface Ground {
  readonly clock: SteppedClock;
  readonly cluster: Cluster;
  readonly simulator: Simulator;
  readonly network: Network;
  readonly transcript: Transcript;
  /** The Kubernetes API at the end of the network, as the administrator has it. */
  readonly kubernetes: Fetch;
  /** Both sides as a process has them: with its token, and with what goes wrong for it. */
  reach: (sender: Sender, token: string) => Record<Side, Fetch>;
  /** Lets time pass, for GitHub too. */
  advance: (ms: number) => void;
}

/** GitHub takes longer for a lost runner than for the session of a listener that died. */
const RUNNER_LOST_MS = 120_000;

const START = Date.parse('2026-01-01T00:00:00Z');

export interface GroundOptions {
  order: Order;
  weather: Weather;
}

export function createGround({ order, weather }: GroundOptions): Ground {
  const clock = createSteppedClock(START);
  const now = (): number => clock.now();
  const cluster = createCluster({ now, newUid: countingUids() });
  const simulator = createSimulator({ now, timing: { runnerLostMs: RUNNER_LOST_MS } });
  const advance = (ms: number): void => {
    clock.advance(ms);
    simulator.tick();
  };
  const transcript = createTranscript(clock);
  const mishaps = createMishaps({
    clock,
    weather,
    tell: (does) => {
      transcript.add({ who: 'mishap', does });
    },
  });
  const held = (): number => simulator.waiting() + mishaps.waiting();
  const network = createNetwork({ order, held, pass: advance });
  simulator.events.subscribe(transcript.github);
  return {
    clock,
    cluster,
    simulator,
    network,
    transcript,
    kubernetes: network.connect(withToken(cluster)),
    reach: (sender, token) => ({
      kubernetes: network.connect(mishaps.between('kubernetes', withToken(cluster, token), sender)),
      github: network.connect(
        mishaps.between('github', (request) => simulator.fetch(request), sender),
      ),
    }),
    advance,
  };
}

export const withToken =
  (cluster: Cluster, token = cluster.adminToken): Fetch =>
  (request) => {
    request.headers.set('authorization', `Bearer ${token}`);
    return cluster.fetch(request);
  };

/** Names of runners are hashed from uids, and ties between runners are broken by name. */
function countingUids(): () => string {
  let last = 0;
  return () => {
    last += 1;
    return `00000000-0000-4000-8000-${String(last).padStart(12, '0')}`;
  };
}
