// The Node object: created, kept Ready, created again should somebody delete it.
import { arch, availableParallelism, release, totalmem } from 'node:os';
import { NodeApiError } from './api.ts';
import type { NodeApi } from './api.ts';
import { sleep, timestamp } from './clock.ts';
import type { Clock } from './clock.ts';

const HEARTBEAT_MS = 60_000;
const MOST_PODS = 1000;

/** Labels of a Linux node on every machine, since that is what workloads select. */
export const nodeLabels = (name: string): Record<string, string> => {
  const architecture = arch() === 'x64' ? 'amd64' : arch();
  return {
    'beta.kubernetes.io/arch': architecture,
    'beta.kubernetes.io/os': 'linux',
    'kubernetes.io/arch': architecture,
    'kubernetes.io/hostname': name,
    'kubernetes.io/os': 'linux',
  };
};

interface Input {
  api: NodeApi;
  clock: Clock;
  name: string;
}

export async function register({ api, clock, name }: Input): Promise<void> {
  try {
    await api.create('/api/v1/nodes', {
      apiVersion: 'v1',
      kind: 'Node',
      metadata: { name, labels: nodeLabels(name) },
      spec: { providerID: `muster://${name}` },
    });
  } catch (error) {
    if (!(error instanceof NodeApiError && error.status === 409)) throw error;
  }
  await api.patch(`/api/v1/nodes/${name}/status`, { status: nodeStatus(name, clock) });
}

/** Returns when the signal fires. */
export async function keepRegistered(input: Input, signal: AbortSignal): Promise<void> {
  for (;;) {
    await sleep(input.clock, HEARTBEAT_MS, signal);
    if (signal.aborted) return;
    // An API that is away now hears of us in a minute.
    await register(input).catch(() => undefined);
  }
}

function nodeStatus(name: string, clock: Clock): object {
  const now = timestamp(clock);
  const capacity = {
    cpu: String(availableParallelism()),
    memory: `${Math.floor(totalmem() / 1024)}Ki`,
    'ephemeral-storage': '100Gi',
    pods: String(MOST_PODS),
  };
  const healthy = ['MemoryPressure', 'DiskPressure', 'PIDPressure'].map((type) => ({
    type,
    status: 'False',
    reason: `KubeletHasNo${type}`,
    lastHeartbeatTime: now,
  }));
  const ready = { type: 'Ready', status: 'True', reason: 'KubeletReady', lastHeartbeatTime: now };
  return {
    capacity,
    allocatable: capacity,
    conditions: [...healthy, { ...ready, message: 'pods run as processes of this machine' }],
    addresses: [
      { type: 'InternalIP', address: '127.0.0.1' },
      { type: 'Hostname', address: name },
    ],
    nodeInfo: {
      architecture: nodeLabels(name)['kubernetes.io/arch'],
      bootID: '',
      containerRuntimeVersion: 'process://1.0',
      kernelVersion: release(),
      kubeProxyVersion: '',
      kubeletVersion: 'v1.34.4',
      machineID: '',
      operatingSystem: 'linux',
      osImage: 'Muster dev cluster',
      systemUUID: '',
    },
  };
}
