// What all parts stand on: one time, a cluster and GitHub in memory, the way to them, a transcript.
import { createCluster } from '@muster/devcluster';
import type { Cluster } from '@muster/devcluster';
import { createSteppedClock } from '@muster/kube/testing';
import type { SteppedClock } from '@muster/kube/testing';
import { createSimulator } from '@muster/simulator';
import type { Simulator } from '@muster/simulator';
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
  /** The Kubernetes API at the end of the network; the administrator's unless a token is given. */
  kubeAs: (token?: string) => Fetch;
  /** GitHub at the end of the network. */
  readonly github: Fetch;
  /** Lets time pass, for GitHub too. */
  advance: (ms: number) => void;
}

const START = Date.parse('2026-01-01T00:00:00Z');

export function createGround(order: Order): Ground {
  const clock = createSteppedClock(START);
  const now = (): number => clock.now();
  const cluster = createCluster({ now, newUid: countingUids() });
  const simulator = createSimulator({ now });
  const advance = (ms: number): void => {
    clock.advance(ms);
    simulator.tick();
  };
  const network = createNetwork({ order, held: () => simulator.waiting(), pass: advance });
  const transcript = createTranscript(clock);
  simulator.events.subscribe(transcript.github);
  return {
    clock,
    cluster,
    simulator,
    network,
    transcript,
    kubeAs: (token) => network.connect(withToken(cluster, token)),
    github: network.connect((request) => simulator.fetch(request)),
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
