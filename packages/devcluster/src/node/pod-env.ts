// The variables that every container starts with. Of our own environment only what each program
// needs passes: a test of a runner must not depend on the shell that started the cluster.
import { join } from 'node:path';
import type { Env } from './env.ts';
import type { Pod } from './pod.ts';

export interface PodEnvInput {
  pod: Pod;
  /** The pod's folder. */
  dir: string;
  /** The pod's address if it is its own. */
  podIp: string | undefined;
  /** For pods that share an address: where each declared port really is. */
  ports: ReadonlyMap<number, number>;
  apiServer: { host: string; port: number };
  hostEnv: { PATH?: string | undefined; LANG?: string | undefined };
}

export function podEnv({ pod, dir, podIp, ports, apiServer, hostEnv }: PodEnvInput): Env {
  const { PATH = '/usr/local/bin:/usr/bin:/bin', LANG = 'C.UTF-8' } = hostEnv;
  const port = String(apiServer.port);
  return {
    PATH,
    LANG,
    HOME: join(dir, 'home'),
    TMPDIR: join(dir, 'tmp'),
    HOSTNAME: pod.spec.hostname ?? pod.metadata.name,
    KUBERNETES_SERVICE_HOST: apiServer.host,
    KUBERNETES_SERVICE_PORT: port,
    KUBERNETES_SERVICE_PORT_HTTPS: port,
    ...(podIp === undefined ? {} : { POD_IP: podIp }),
    ...Object.fromEntries([...ports].map(([wish, real]) => [`POD_PORT_${wish}`, String(real)])),
  };
}
