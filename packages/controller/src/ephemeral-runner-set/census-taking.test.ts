// What GitHub says of idle runners, asked by the real client; the Actions service is the simulator.
import { createActionsClient } from '@muster/actions';
import type { ActionsClient, JitConfig } from '@muster/actions';
import type { EphemeralRunnerSet } from '@muster/api';
import { aSet } from '@muster/api/testing';
import { createSimulator } from '@muster/simulator';
import type { SimulatedRunner, Simulator } from '@muster/simulator';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { takeCensus } from './census-taking.ts';
import type { Census } from './census.ts';
import { tallyOf } from './tally.ts';
import type { Member } from './tally.ts';
import { ago, member, NOW } from './testing.ts';

const TIMEOUT_MS = 60_000;
const ORGANIZATION = 'https://github.com/my-org';

let simulator: Simulator;
beforeEach(() => {
  simulator = createSimulator({ now: () => NOW });
});
afterEach(() => {
  simulator.stop();
});

const clientFor = (configUrl: string) =>
  createActionsClient({
    configUrl,
    credentials: { kind: 'token', token: 'ghp_planted' },
    userAgent: { version: 'test', subsystem: 'test' },
    fetch: simulator.fetch,
  });

const github = {
  clientFor: ({ githubConfigUrl }: { githubConfigUrl: string }) =>
    Promise.resolve(clientFor(githubConfigUrl)),
};

interface Place {
  set: EphemeralRunnerSet;
  /** Idle ones, as the cluster sees them. */
  members: Member[];
  connect: (index: number) => SimulatedRunner;
}

/** A set with so many runners, all registered, none online yet. */
async function aPlace(name: string, size: number, configUrl = ORGANIZATION): Promise<Place> {
  const client = clientFor(configUrl);
  const { id } = await client.createScaleSet({ name, runnerGroupId: 1 });
  const set = aSet({ metadata: { name, uid: name }, spec: { replicas: size, patchID: 1 } });
  const { ephemeralRunnerSpec } = set.spec;
  set.spec.ephemeralRunnerSpec = {
    ...ephemeralRunnerSpec,
    githubConfigUrl: configUrl,
    runnerScaleSetId: id,
  };
  set.status = { currentReplicas: size, runningEphemeralRunners: size };
  const jits = await Promise.all(
    Array.from({ length: size }, (_, index) => registered(client, id, `${name}-${index}`)),
  );
  await client.close();
  const members = jits.map(({ runner }) =>
    member(runner.name, {
      metadata: { creationTimestamp: ago(600) },
      status: { runnerId: runner.id },
    }),
  );
  return {
    set,
    members,
    connect: (index) => simulator.runners.connect(jits[index]?.encodedJitConfig ?? ''),
  };
}

async function registered(
  client: ActionsClient,
  scaleSetId: number,
  name: string,
): Promise<JitConfig> {
  const made = await client.createJitConfig({ scaleSetId, name, workFolder: '_work' });
  if (made === 'exists') throw new Error(`the runner ${name} is there already`);
  return made;
}

const census = ({ set, members }: Place, others: readonly Place[] = []): Promise<Census> =>
  takeCensus(
    {
      set,
      tally: tallyOf({ set, members }),
      onlineMs: TIMEOUT_MS,
      now: NOW,
      sets: () => [set, ...others.map((other) => other.set)],
    },
    undefined,
    github,
  );

test('all are online', async () => {
  const place = await aPlace('linux', 2);
  for (const index of [0, 1]) place.connect(index);
  expect(await census(place)).toMatchObject({ is: 'online', missing: 0, gone: [] });
});

test('one is not', async () => {
  const place = await aPlace('linux', 2);
  place.connect(0);
  expect(await census(place)).toMatchObject({ is: 'offline', missing: 1, gone: [] });
});

test('one is not known any more', async () => {
  const place = await aPlace('linux', 2);
  place.connect(0);
  const client = clientFor(ORGANIZATION);
  const gone = place.members[1]?.runner;
  await client.removeRunner(gone?.status?.runnerId ?? 0);
  await client.close();
  expect(await census(place)).toMatchObject({
    is: 'online',
    missing: 0,
    gone: [gone?.metadata.name],
  });
});

test('none is: that may be GitHub', async () => {
  const place = await aPlace('linux', 2);
  expect(await census(place)).toMatchObject({ is: 'outage', missing: 2 });
});

test('none is, and others of the organization are: that is the runner', async () => {
  const place = await aPlace('linux', 1);
  const other = await aPlace('windows', 1);
  other.connect(0);
  expect(await census(place, [other])).toMatchObject({ is: 'offline', missing: 1 });
});

test('a set of a repository of theirs is of the same organization', async () => {
  const place = await aPlace('linux', 1);
  const other = await aPlace('one-repository', 1, `${ORGANIZATION}/repository`);
  other.connect(0);
  expect(await census(place, [other])).toMatchObject({ is: 'offline', missing: 1 });
});

test('runners of another organization say nothing', async () => {
  const place = await aPlace('linux', 1);
  const other = await aPlace('elsewhere', 1, 'https://github.com/another-org');
  other.connect(0);
  expect(await census(place, [other])).toMatchObject({ is: 'outage' });
});

test('others that cannot be asked say nothing', async () => {
  const place = await aPlace('linux', 1);
  const other = await aPlace('windows', 1);
  other.connect(0);
  other.set.spec.ephemeralRunnerSpec.runnerScaleSetId = 4711;
  expect(await census(place, [other])).toMatchObject({ is: 'outage' });
});

test('a service that does not answer says nothing, and since when', async () => {
  const place = await aPlace('linux', 1);
  simulator.faults.add({
    call: 'get-scale-set',
    times: 100,
    effect: { do: 'answer', status: 403 },
  });
  expect(await census(place)).toEqual({
    at: NOW,
    is: 'unreachable',
    missing: 0,
    gone: [],
    since: NOW,
  });
});
