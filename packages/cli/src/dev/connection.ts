// The kubeconfig that the dev cluster has just written. It is read here, not by kube's general
// reader, whose library takes longer to load than everything else takes to start.
import { readFile } from 'node:fs/promises';
import { parse } from 'yaml';
import { z } from 'zod';
import type { Connection } from '@muster/kube';

const kubeconfig = z.object({
  clusters: z.tuple([
    z.object({
      cluster: z.object({ server: z.string(), 'certificate-authority-data': z.string() }),
    }),
  ]),
  users: z.tuple([z.object({ user: z.object({ token: z.string() }) })]),
});

export async function administrator(path: string): Promise<Connection> {
  const { clusters, users } = kubeconfig.parse(parse(await readFile(path, 'utf8')));
  const [{ cluster }] = clusters;
  const [{ user }] = users;
  return {
    server: cluster.server,
    namespace: 'default',
    tls: { ca: Buffer.from(cluster['certificate-authority-data'], 'base64') },
    headers: () => Promise.resolve({ authorization: `Bearer ${user.token}` }),
    renew: () => undefined,
  };
}
