// Probes of the listener's pod. ARC's listener answers none, so only a process that is ours gets them.
import { CONTAINERS, LISTENER_CONFIG } from '@muster/api';
import type { Pod } from '@muster/kube';
import type { Config } from '../config.ts';

type PodSpec = Pod['spec'];
type Container = PodSpec['containers'][number];

const PORT = 8081;
const PORT_NAME = 'health';

type Ours = Pick<Config, 'listenerImage' | 'listenerCommand'>;

const listenerOf = ({ containers }: PodSpec): Container | undefined =>
  containers.find(({ name }) => name === CONTAINERS.listener);

/** Whether the process is this project's: nobody chose another image or command for it. */
export function isOurs(spec: PodSpec, { listenerImage, listenerCommand }: Ours): boolean {
  const { image, command = [] } = listenerOf(spec) ?? {};
  const isDefault = [listenerCommand, command].every(
    ([first, ...more]) => first === LISTENER_CONFIG.command && more.length === 0,
  );
  return image === listenerImage && isDefault;
}

/** On the host's network a fixed port would let one listener a node run; with an address of its own it has its reasons. */
export function probed(
  spec: PodSpec,
  config: Ours & Pick<Config, 'listenerMetricsAddress'>,
): PodSpec {
  const listener = listenerOf(spec);
  if (!listener || !isOurs(spec, config) || spec.hostNetwork === true) return spec;
  if (listener.env?.some(({ name }) => name === LISTENER_CONFIG.healthEnv)) return spec;
  const port = config.listenerMetricsAddress.endsWith(`:${PORT}`) ? PORT + 1 : PORT;
  const containers = spec.containers.map((one) => (one === listener ? withProbes(one, port) : one));
  return { ...spec, containers };
}

const withProbes = (listener: Container, port: number): Container => ({
  livenessProbe: probe('/healthz', { periodSeconds: 10, failureThreshold: 6 }),
  readinessProbe: probe('/readyz', { periodSeconds: 5, failureThreshold: 2 }),
  ...listener,
  env: [...(listener.env ?? []), { name: LISTENER_CONFIG.healthEnv, value: `:${port}` }],
  ports: [...(listener.ports ?? []), { name: PORT_NAME, containerPort: port, protocol: 'TCP' }],
});

const probe = (
  path: string,
  pace: { periodSeconds: number; failureThreshold: number },
): NonNullable<Container['livenessProbe']> => ({
  httpGet: { path, port: PORT_NAME },
  timeoutSeconds: 3,
  ...pace,
});
