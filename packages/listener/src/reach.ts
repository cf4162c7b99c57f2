// How GitHub is reached: one client, and so one pool of connections, for all sets that reach it in the
// same way with the same credentials.
import { createActionsClient } from '@muster/actions';
import { contentHash } from '@muster/api';
import type { ActionsClient } from '@muster/actions';
import type { ListenedScaleSet } from '@muster/api';
import type { ProcessConfig } from './config.ts';
import type { Reach } from './sets.ts';

const BUILD_VERSION = '0.1.0';

// The loop has its own ways back, each with a name. A second try spares it the blinks.
const RETRY = { max: 1 };
// Longer than any poll is held, and twice that is less than what a kubelet waits for.
const TIMEOUTS = { pollMs: 70_000, callMs: 30_000 };

/** Throws an ActionsError for a URL, credentials, CA or proxy that cannot work. */
export function createReach({
  forceGhes,
  proxy,
}: Pick<ProcessConfig, 'forceGhes' | 'proxy'>): (set: ListenedScaleSet) => Reach {
  const clients = new Map<string, { client: ActionsClient; users: number }>();
  return ({ configUrl, credentials, rootCa, scaleSetId }) => {
    const key = contentHash({ configUrl, credentials, rootCa });
    const shared = clients.get(key) ?? {
      client: createActionsClient({
        configUrl,
        credentials,
        forceGhes,
        userAgent: { version: BUILD_VERSION, subsystem: 'ghalistener', scaleSetId },
        retry: RETRY,
        timeouts: TIMEOUTS,
        ...(rootCa !== undefined && { rootCa }),
        ...(proxy && { proxy }),
      }),
      users: 0,
    };
    shared.users += 1;
    clients.set(key, shared);
    return {
      actions: shared.client,
      release: async () => {
        shared.users -= 1;
        if (shared.users > 0) return;
        clients.delete(key);
        await shared.client.close();
      },
    };
  };
}
