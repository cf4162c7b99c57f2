// A Kubernetes API in memory: a Request in, a Response out.
import { randomUUID } from 'node:crypto';
import { Signer } from './auth/tokens.ts';
import { builtinResources } from './builtin.ts';
import { startControllers } from './controllers.ts';
import type { PodLogs } from './logs.ts';
import { Registry } from './resource.ts';
import { seed } from './seed.ts';
import { createService } from './service.ts';
import { Store } from './store.ts';
import type { World } from './world.ts';

export interface ClusterOptions {
  now?: () => number;
  /** Of each new object; random unless told, which a test that must repeat itself does. */
  newUid?: () => string;
  /** PEM; what pods are given to verify the server. */
  ca?: string;
  serverUrl?: string;
  /** Where the logs of pods are: the node knows. */
  podLogs?: PodLogs;
  /** So many events of each kind are kept for watches that resume. */
  historyLimit?: number;
}

export interface Cluster {
  readonly fetch: (request: Request) => Promise<Response>;
  readonly adminToken: string;
  /** Forgets all history: a watch that resumes from before now is answered with 410. */
  compact(): void;
  /** Ends every watch that is open, as a lost connection would. */
  dropWatches(): void;
  /** Ends every watch, and answers 503 from then on. */
  close(): void;
}

export function createCluster(options: ClusterOptions = {}): Cluster {
  const {
    now = Date.now,
    newUid = randomUUID,
    ca = '',
    serverUrl = 'https://127.0.0.1',
    historyLimit = 2_000,
  } = options;
  const signer = new Signer();
  const world: World = {
    store: new Store(historyLimit),
    registry: new Registry(builtinResources(now)),
    signer,
    now,
    newUid,
    ca,
    serverUrl,
  };
  startControllers(world);
  seed(world);
  const service = createService(world, options.podLogs);
  return {
    fetch: service.fetch,
    adminToken: signer.adminToken,
    compact: () => {
      world.store.compact();
    },
    dropWatches: service.dropWatches,
    close: service.close,
  };
}
