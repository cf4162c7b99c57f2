// Everything that jobs need, for stories that look behind the demo.
import { LABELS } from '@muster/api';
import { OPERATOR_NAMESPACE, startWorld } from '@muster/cli';
import { createKubeClient, loadConnection, PodKind } from '@muster/kube';
import { enter } from './story.ts';
import type { World } from '@muster/cli';
import type { Kind, KubeClient, KubeObject, Pod } from '@muster/kube';
import type { Place } from './story.ts';

export interface Stage {
  place: Place;
  world: World;
  /** A client with the rights of a ServiceAccount of the operator's namespace. */
  clientAs(account: string): Promise<KubeClient>;
  /** Ends the world, and proves that nothing of it is left. */
  end(): Promise<void>;
}

export async function aStage(): Promise<Stage> {
  const { place, leave } = await enter();
  const never = new AbortController().signal;
  const world = await startWorld({ keep: false, env: place.env, parent: place.temp }, never);
  const clients: KubeClient[] = [];
  return {
    place,
    world,
    async clientAs(account) {
      const client = await clientAs(world, account);
      clients.push(client);
      return client;
    },
    async end() {
      try {
        await Promise.all(clients.map((client) => client.close()));
        await world.stop();
      } finally {
        await leave();
      }
    },
  };
}

/** The listener's pod of a scale set that is alone in its namespace. */
export async function listenerPod({ kube }: World, namespace: string): Promise<Pod | undefined> {
  const labelSelector = `${LABELS.scaleSetNamespace}=${namespace}`;
  return (await kube.list(PodKind, { namespace: OPERATOR_NAMESPACE, labelSelector })).items[0];
}

interface TokenRequest extends KubeObject {
  status?: { token: string };
}

async function clientAs({ kube, kubeconfig }: World, account: string): Promise<KubeClient> {
  // A subresource that is only posted to is reached as a collection is.
  const kind: Kind<TokenRequest> = {
    apiVersion: 'v1',
    kind: 'TokenRequest',
    plural: `serviceaccounts/${account}/token`,
    namespaced: true,
  };
  const metadata = { name: account, namespace: OPERATOR_NAMESPACE };
  const request = await kube.create(kind, {
    apiVersion: 'authentication.k8s.io/v1',
    kind: 'TokenRequest',
    metadata,
    spec: {},
  } as Parameters<typeof kube.create<TokenRequest>>[1]);
  const admin = await loadConnection({ env: { KUBECONFIG: kubeconfig } });
  const authorization = `Bearer ${request.status?.token ?? ''}`;
  return createKubeClient({
    connection: { ...admin, headers: () => Promise.resolve({ authorization }) },
  });
}
