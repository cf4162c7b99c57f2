// A Kubernetes API in memory: a Request in, a Response out.
import { randomUUID } from 'node:crypto';
import { setTimeout } from 'node:timers/promises';
import { Signer } from './auth/tokens.ts';
import { builtinResources } from './builtin.ts';
import { startControllers } from './controllers.ts';
import { Faults } from './faults.ts';
import type { Fault } from './faults.ts';
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
  /** How time passes while a fault delays an answer. */
  sleep?: (ms: number) => Promise<void>;
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
  /** Has every watch that is open stay open and say nothing any more, as one whose connection is lost unnoticed. */
  silenceWatches(): void;
  /** Tells every watch that is open that its version is gone (410), and ends it. */
  expireWatches(): void;
  /** As after a restart of the server: watches end, and history is forgotten. */
  restart(): void;
  /** Has requests fail, wait or get lost; gives what takes the fault away. */
  addFault(fault: Fault): () => void;
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
    sleep = setTimeout,
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
  const faults = new Faults(sleep);
  const service = createService(world, { podLogs: options.podLogs, faults });
  const { watches } = service;
  return {
    fetch: service.fetch,
    adminToken: signer.adminToken,
    compact: () => {
      world.store.compact();
    },
    dropWatches: () => {
      watches.drop();
    },
    silenceWatches: () => {
      watches.silence();
    },
    expireWatches: () => {
      watches.expire();
    },
    restart: () => {
      world.store.compact();
      watches.drop();
    },
    addFault: (fault) => faults.add(fault),
    close: service.close,
  };
}
