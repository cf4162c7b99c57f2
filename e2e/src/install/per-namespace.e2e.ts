// Two teams, each with an operator that watches the team's namespace only, and three ways to GitHub: a token, an App, and a
// proxy with a certificate authority of the company's own.
import { generateKeyPairSync } from 'node:crypto';
import { AutoscalingRunnerSetKind, EphemeralRunnerKind } from '@muster/api';
import { PodKind, SecretKind } from '@muster/kube';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { CONTROLLER, SCALE_SET } from '../charts/helm.ts';
import { startGitHub } from './github.ts';
import { leftovers } from './leftovers.ts';
import { startProxy } from './proxy.ts';
import { enterStage, eventually, explainFailures } from './stage.ts';
import { operatorValues, scaleSetValues } from './values.ts';
import { allSucceed, running, workflow } from './workflow.ts';
import type { GitHub } from './github.ts';
import type { Proxy } from './proxy.ts';
import type { Release, Stage } from './stage.ts';
import type { ScaleSetValues } from './values.ts';

const SYSTEM = 'teams-system';
const [TEAM_A, TEAM_B] = ['team-a', 'team-b'] as const;
const ORGANIZATION = 'my-org';

/** Only the proxy knows where it is. */
const BEHIND_PROXY = 'github.example.com';

const APP = { id: 'Iv1.muster', installation: 7 };
const { publicKey, privateKey } = generateKeyPairSync('rsa', {
  modulusLength: 2048,
  publicKeyEncoding: { type: 'spki', format: 'pem' },
  privateKeyEncoding: { type: 'pkcs8', format: 'pem' },
});

let stage: Stage;
let github: GitHub;
let behind: GitHub;
let proxy: Proxy;
let apiServer: string;
explainFailures(() => stage);

beforeAll(async () => {
  stage = await enterStage();
  const service = ['get', 'service', 'kubernetes', '--ignore-not-found'];
  apiServer = await stage.kubectl([...service, '--output', 'jsonpath={.spec.clusterIP}']);
  github = await startGitHub(stage.ground);
  github.simulator.registerToken({ token: 'ghp_first' });
  github.simulator.registerApp({
    ...{ appId: APP.id, installationId: APP.installation, publicKey, scopes: [ORGANIZATION] },
  });
  // So that a token that was taken back is soon of no use.
  github.simulator.setTokenLives({ adminMs: 5_000 });
  behind = await startGitHub(stage.ground, { name: BEHIND_PROXY });
  const { port } = behind;
  proxy = await startProxy(stage.ground, { knows: `${BEHIND_PROXY}:${port}`, port });
});

afterAll(async () => {
  await Promise.all([github.close(), behind.close(), proxy.close()]);
  await stage.end();
});

const operator = (team: string): Release => ({
  ...{ name: team, namespace: SYSTEM, chart: CONTROLLER },
  values: operatorValues(stage.ground, { watches: team }),
});

const scaleSet = (name: string, namespace: string, values: ScaleSetValues): Release => ({
  ...{ name, namespace, chart: SCALE_SET, values: scaleSetValues(stage.ground, values) },
});

const byToken = (values: object = {}): Release =>
  scaleSet('by-token', TEAM_A, {
    githubConfigUrl: `${github.url}/${ORGANIZATION}`,
    githubConfigSecret: { github_token: 'ghp_first' },
    maxRunners: 3,
    ...values,
  });

const byApp = (): Release =>
  scaleSet('by-app', TEAM_A, {
    githubConfigUrl: `${github.url}/${ORGANIZATION}`,
    githubConfigSecret: {
      github_app_id: APP.id,
      github_app_installation_id: String(APP.installation),
      github_app_private_key: privateKey,
    },
  });

const byProxy = (): Release =>
  scaleSet('by-proxy', TEAM_B, {
    githubConfigUrl: `${behind.url}/${ORGANIZATION}`,
    // As with ARC, what is in the cluster is named by the user.
    proxy: { https: { url: proxy.url }, noProxy: [apiServer || stage.ground.host] },
    githubServerTLS: {
      certificateFrom: { configMapKeyRef: { name: 'company-ca', key: 'ca.crt' } },
      runnerMountPath: '/etc/company',
    },
  });

const ready = ({ name, namespace }: Release): Promise<string> =>
  stage.kubectl([
    ...['wait', '--for=condition=Ready', `autoscalingrunnerset/${name}`],
    ...['--namespace', namespace, '--timeout=90s'],
  ]);

test('two operators and three scale sets are installed from a registry', async () => {
  for (const team of [TEAM_A, TEAM_B]) await stage.makeNamespace(team);
  const authority = `--from-literal=ca.crt=${behind.ca ?? ''}`;
  await stage.kubectl(['create', 'configmap', 'company-ca', '--namespace', TEAM_B, authority]);
  // One after the other: the first brings the definitions.
  for (const team of [TEAM_A, TEAM_B]) await stage.install(operator(team));
  const releases = [byToken(), byApp(), byProxy()];
  for (const release of releases) await stage.install(release);
  await Promise.all(releases.map(ready));
});

test('a listener that the cluster refuses is told of, and comes when there is room', async () => {
  const quota = ['quota', 'none', '--namespace', SYSTEM];
  await stage.kubectl(['create', ...quota, '--hard=pods=0']);
  const pods = (await stage.names(PodKind, SYSTEM)).filter((name) => name.startsWith('by-app-'));
  await stage.kubectl(['delete', 'pod', ...pods, '--namespace', SYSTEM]);
  await eventually(async () => {
    const events = ['get', 'events', '--namespace', SYSTEM, '--output', 'name'];
    const refusals = ['--field-selector', 'reason=ListenerPodRefused'];
    expect(await stage.kubectl([...events, ...refusals])).not.toBe('');
  });
  await stage.kubectl(['delete', ...quota]);
});

test("a workflow's jobs run where `runs-on` says", async () => {
  const [here, there] = await Promise.all([
    github.push(
      ORGANIZATION,
      workflow({ runsOn: 'by-token', count: 2 }, { runsOn: 'by-app', count: 2 }),
    ),
    behind.push(ORGANIZATION, workflow({ runsOn: 'by-proxy', count: 2 })),
  ]);
  await Promise.all([allSucceed(github, here), allSucceed(behind, there)]);
});

test('operator and listener go through the proxy, as runners do', async () => {
  const pods = await stage.list(PodKind, SYSTEM);
  const addresses = pods
    .filter(({ metadata: { name } }) => /^(team-b-|by-proxy-)/.test(name))
    .map(({ status }) => status?.podIP ?? '');
  expect(addresses).toHaveLength(2);
  // On the dev cluster all that calls comes from this machine's own address.
  if (!stage.ground.isReal) return;
  expect([...proxy.clients]).toEqual(expect.arrayContaining(addresses));
  expect(proxy.clients.size).toBeGreaterThan(addresses.length);
});

test('a value is changed while jobs run, and none is lost', async () => {
  const run = await github.push(
    ORGANIZATION,
    workflow({ runsOn: 'by-token', count: 6, seconds: 4 }),
  );
  await running(github, run);
  await stage.install(
    byToken({ maxRunners: 4, resourceMeta: { ephemeralRunner: { labels: { upgraded: 'yes' } } } }),
  );
  await allSucceed(github, run);
  const { spec } =
    (await stage.kube.get(AutoscalingRunnerSetKind, { namespace: TEAM_A, name: 'by-token' })) ?? {};
  expect(spec?.maxRunners).toBe(4);
});

test('another token takes over without a restart', async () => {
  const operators = async (): Promise<string[]> =>
    (await stage.names(PodKind, SYSTEM)).filter((name) => name.startsWith('team-'));
  const before = await operators();
  github.simulator.registerToken({ token: 'ghp_second' });
  await stage.install(byToken({ githubConfigSecret: { github_token: 'ghp_second' } }));
  // A token that may do nothing anywhere.
  github.simulator.registerToken({ token: 'ghp_first', scopes: [] });
  const run = await github.push(ORGANIZATION, workflow({ runsOn: 'by-token', count: 2 }));
  await allSucceed(github, run);
  expect(await operators()).toEqual(before);
});

test('without work there is no runner, here or at GitHub', async () => {
  await eventually(async () => {
    for (const team of [TEAM_A, TEAM_B]) {
      expect(await stage.names(EphemeralRunnerKind, team)).toEqual([]);
      expect(await stage.names(PodKind, team)).toEqual([]);
    }
    for (const { simulator } of [github, behind]) expect(simulator.state().runners).toEqual([]);
  });
});

test('nothing is left, in whatever order all of it is taken away', async () => {
  // The Secret before the set that needs it.
  const secret = (await stage.names(SecretKind, TEAM_A)).find((name) =>
    /^by-app.*github-secret$/.test(name),
  );
  await stage.kubectl(['delete', 'secret', secret ?? '', '--namespace', TEAM_A, '--wait=false']);
  await stage.uninstall(byApp(), '--wait');
  await stage.uninstall(byToken());
  // The operator before its set, which waits until one is there again.
  await stage.uninstall(operator(TEAM_B), '--wait');
  await stage.uninstall(byProxy());
  expect(await stage.names(AutoscalingRunnerSetKind, TEAM_B)).toEqual(['by-proxy']);
  await stage.install(operator(TEAM_B));
  await eventually(async () => {
    expect(await stage.names(AutoscalingRunnerSetKind)).toEqual([]);
  });
  for (const team of [TEAM_A, TEAM_B]) await stage.uninstall(operator(team), '--wait');
  await eventually(async () => {
    expect(await leftovers(stage, SYSTEM, TEAM_A, TEAM_B)).toEqual([]);
  });
  for (const { simulator } of [github, behind]) {
    const { scaleSets, runners } = simulator.state();
    expect({ scaleSets, runners }).toEqual({ scaleSets: [], runners: [] });
  }
});

test('GitHub had nothing to complain of', () => {
  const refused = [github, behind].flatMap(({ simulator }) => simulator.violations());
  expect(refused).toEqual([]);
});
