// The node: it knows the programs of all containers, and gives each what its pod may have.
import { createCache, createKubeClient, PodKind } from '@muster/kube';
import type { JsonObject } from '@muster/kube';
import { silentLog } from '@muster/kube/testing';
import type { Container } from './container.ts';
import type { Ground } from './ground.ts';
import { startKubelet } from './kubelet.ts';
import type { Kubelet } from './kubelet.ts';
import { listenerProgram } from './listener.ts';
import { managerProgram } from './manager.ts';
import type { Caller } from './mishap.ts';
import type { Fetch } from './network.ts';
import type { ProgramOptions } from './process.ts';
import { runnerProgram } from './runner.ts';
import type { RunnerOptions } from './runner.ts';

export interface NodeOptions extends Pick<RunnerOptions, 'jobMs' | 'isBroken'> {
  random: () => number;
  signal: AbortSignal;
}

export interface Node extends Kubelet {
  /** Ends with the signal. */
  watching: Promise<void>;
}

export function startNode(ground: Ground, { jobMs, isBroken, random, signal }: NodeOptions): Node {
  const { clock, simulator, transcript, kubernetes: fetch } = ground;
  const kube = createKubeClient({ fetch, clock });
  const pods = createCache({ client: kube, kind: PodKind, clock, log: silentLog });
  const post = posting(fetch);
  const programOf = (who: Caller): Omit<ProgramOptions, 'log'> => ({
    clock,
    reach: async (container) => {
      const { uid } = container.pod.metadata;
      const kill = (): void => {
        kubelet.runningIn(uid)?.kill();
      };
      return ground.reach({ who, kill }, await tokenOf(container, post));
    },
  });
  const kubelet: Kubelet = startKubelet({
    kube,
    pods,
    clock,
    log: transcript.kubelet,
    post,
    programs: {
      runner: runnerProgram({ simulator, clock, jobMs, isBroken }),
      listener: listenerProgram({ ...programOf('listener'), log: transcript.listener, random }),
      manager: managerProgram({ ...programOf('manager'), log: transcript.controller }),
    },
  });
  return { ...kubelet, watching: pods.run(signal) };
}

type Post = (path: string, body: JsonObject) => Promise<unknown>;

const posting =
  (fetch: Fetch): Post =>
  async (path, body) => {
    const headers = { 'content-type': 'application/json' };
    const text = JSON.stringify(body);
    const url = `http://in-process${path}`;
    const response = await fetch(new Request(url, { method: 'POST', headers, body: text }));
    if (!response.ok) throw new Error(`POST ${path}: ${response.status}`);
    return response.json();
  };

/** As a kubelet asks for it: bound to the pod, so that it ends with it. */
async function tokenOf({ pod }: Container, post: Post): Promise<string> {
  const { name, uid, namespace = '' } = pod.metadata;
  const account = pod.spec.serviceAccountName ?? 'default';
  const answer = await post(`/api/v1/namespaces/${namespace}/serviceaccounts/${account}/token`, {
    apiVersion: 'authentication.k8s.io/v1',
    kind: 'TokenRequest',
    spec: { boundObjectRef: { apiVersion: 'v1', kind: 'Pod', name, uid } },
  });
  return (answer as { status: { token: string } }).status.token;
}
