// To GitHub and back: a runner's JIT configuration, and its removal. reference/controllers.md 2.5.4.
import type { EphemeralRunner } from '@muster/api';
import { isKubeError, SecretKind } from '@muster/kube';
import type { Clock, KubeClient } from '@muster/kube';
import type { ActionsClient, JitConfig } from '@muster/actions';
import { accessOf } from '../access.ts';
import type { Deps } from '../deps.ts';
import { jitSecret, workFolderOf } from './desired.ts';
import type { Registration, Settings } from './desired.ts';
import type { Memory } from './memory.ts';
import type { Observed } from './plan.ts';
import { Refusal } from './refusal.ts';

export interface RegistrationDeps {
  github: Pick<Deps['github'], 'clientFor' | 'clientForRemoval'>;
  clock: Clock;
  config: Settings;
  memory: Memory;
  metrics: Deps['metrics'];
}

// Long enough for the pass that creates the pod; later the Secret is read again.
const REMEMBERED_MS = 60_000;

/** Makes the runner known to GitHub and keeps what it answers in the runner's Secret. */
export async function register(
  runner: EphemeralRunner,
  { kube, github, clock, config, memory, metrics }: RegistrationDeps & { kube: KubeClient },
): Promise<void> {
  const client = await github.clientFor(accessOf(runner.metadata.namespace, runner.spec));
  const jit = await jitConfigFor(runner, client, timed(client, { clock, metrics }));
  const { id: runnerId, name: runnerName, runnerScaleSetId: scaleSetId } = jit.runner;
  const registration = { runnerId, runnerName, scaleSetId, jitConfig: jit.encodedJitConfig };
  await keep(runner, registration, { kube, config });
  memory.of(runner).jit = {
    value: { is: 'kept', runnerId, runnerName },
    until: clock.now() + REMEMBERED_MS,
  };
}

type CreateJitConfig = ActionsClient['createJitConfig'];

/** GitHub's answers are what a runner waits for longest, and what people ask about first. */
const timed =
  (
    client: ActionsClient,
    { clock, metrics }: Pick<RegistrationDeps, 'clock' | 'metrics'>,
  ): CreateJitConfig =>
  async (wish) => {
    const from = clock.now();
    try {
      const answer = await client.createJitConfig(wish);
      metrics.jitTook(clock.now() - from, answer === 'exists' ? 'exists' : 'made');
      return answer;
    } catch (error) {
      metrics.jitTook(clock.now() - from, 'failed');
      throw error;
    }
  };

async function jitConfigFor(
  runner: EphemeralRunner,
  client: ActionsClient,
  createJitConfig: CreateJitConfig,
): Promise<JitConfig> {
  const { name } = runner.metadata;
  const scaleSetId = runner.spec.runnerScaleSetId;
  const wish = { scaleSetId, name, workFolder: workFolderOf(runner) };
  const first = await createJitConfig(wish);
  if (first !== 'exists') return first;
  // We were here before, and ended before the Secret was written: its configuration cannot be read again.
  await freeName(name, scaleSetId, client);
  const second = await createJitConfig(wish);
  if (second !== 'exists') return second;
  throw new Refusal('name-unclear', `the name ${name} is in use at GitHub`);
}

async function freeName(name: string, scaleSetId: number, client: ActionsClient): Promise<void> {
  const known = await client.findRunner(name);
  if (known === undefined) return;
  if (known.runnerScaleSetId !== scaleSetId) {
    throw new Refusal('name-taken', `a runner of another scale set is called ${name}`);
  }
  if ((await client.removeRunner(known.id)) === 'busy') {
    throw new Refusal('busy', `the runner ${name} at GitHub has a job`);
  }
}

async function keep(
  runner: EphemeralRunner,
  registration: Registration,
  { kube, config }: { kube: KubeClient; config: Settings },
): Promise<void> {
  const secret = jitSecret(runner, registration, config);
  try {
    await kube.create(SecretKind, secret);
  } catch (error) {
    if (!isKubeError(error, 'already-exists')) throw error;
    // A create whose answer was lost. Its configuration died when the name was freed.
    const { namespace, name } = runner.metadata;
    await kube.patch(SecretKind, { namespace, name }, { data: secret.data });
  }
}

/** Asks GitHub to let go of the runner. Throws a Refusal while it has a job. */
export async function deregister(
  { runner, jit }: Observed,
  { github, memory, clock }: RegistrationDeps,
): Promise<void> {
  const client = await github.clientForRemoval(accessOf(runner.metadata.namespace, runner.spec));
  const id = await registeredId(runner, jit, client);
  if (id !== undefined && (await client.removeRunner(id)) === 'busy') {
    throw new Refusal('busy', 'GitHub says that a job runs on it');
  }
  memory.of(runner).deregisteredAt = clock.now();
}

async function registeredId(
  { metadata, spec, status }: EphemeralRunner,
  jit: Observed['jit'],
  client: ActionsClient,
): Promise<number | undefined> {
  if (jit.is === 'kept') return jit.runnerId;
  if (status?.runnerId !== undefined) return status.runnerId;
  // Perhaps we ended between its registration and its Secret: GitHub knows it by name only.
  const known = await client.findRunner(metadata.name);
  return known?.runnerScaleSetId === spec.runnerScaleSetId ? known.id : undefined;
}
