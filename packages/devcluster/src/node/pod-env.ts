// The variables that every container starts with. Of our own environment only what each program
// needs passes: a test of a runner must not depend on the shell that started the cluster.
import { join } from 'node:path';
import type { Env } from './env.ts';
import type { Pod } from './pod.ts';

export interface MachineEnvInput {
  pod: Pod;
  /** The pod's folder. */
  dir: string;
  /** The pod's address if it is its own. */
  podIp: string | undefined;
  /** For pods that share an address: where each declared port really is. */
  ports: ReadonlyMap<number, number>;
  hostEnv: { PATH?: string | undefined; LANG?: string | undefined };
}

export function machineEnv({ pod, dir, podIp, ports, hostEnv }: MachineEnvInput): Env {
  const { PATH = '/usr/local/bin:/usr/bin:/bin', LANG = 'C.UTF-8' } = hostEnv;
  return {
    PATH,
    LANG,
    HOME: join(dir, 'home'),
    TMPDIR: join(dir, 'tmp'),
    HOSTNAME: pod.spec.hostname ?? pod.metadata.name,
    ...(podIp === undefined ? {} : { POD_IP: podIp }),
    ...Object.fromEntries([...ports].map(([wish, real]) => [`POD_PORT_${wish}`, String(real)])),
  };
}

/** The one Service that every pod hears of. */
export function serviceEnv({ host, port }: { host: string; port: number }): Env {
  const address = `tcp://${host}:${port}`;
  const tcp = `KUBERNETES_PORT_${port}_TCP`;
  return {
    KUBERNETES_SERVICE_HOST: host,
    KUBERNETES_SERVICE_PORT: String(port),
    KUBERNETES_SERVICE_PORT_HTTPS: String(port),
    KUBERNETES_PORT: address,
    [tcp]: address,
    [`${tcp}_ADDR`]: host,
    [`${tcp}_PORT`]: String(port),
    [`${tcp}_PROTO`]: 'tcp',
  };
}
