// A dev cluster in a process of its own: sends its kubeconfig, and ends with its parent.
import { createCluster } from '../../packages/devcluster/src/index.ts';
import { kubeconfig } from '../../packages/devcluster/src/kubeconfig.ts';
import { serve } from '../../packages/devcluster/src/serve.ts';
import { createTls } from '../../packages/devcluster/src/tls.ts';

const tls = await createTls(Date.now());
const cluster = createCluster({ ca: tls.ca });
const { port } = await serve({ host: '127.0.0.1', port: 0, tls, fetch: cluster.fetch });
const server = `https://127.0.0.1:${port}`;
process.on('disconnect', () => process.exit(0));
process.send?.(kubeconfig({ server, ca: tls.ca, token: cluster.adminToken }));
