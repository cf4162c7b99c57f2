// Every command of docs/ is run as it stands there, from top to bottom of its page, on the dev cluster with its node: the charts and the
// images are this checkout's, and GitHub is the simulator.
import { generateKeyPairSync } from 'node:crypto';
import { readFile, writeFile } from 'node:fs/promises';
import { delimiter, dirname, join } from 'node:path';
import { createControl } from '@muster/simulator';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { parse } from 'yaml';
import { findProgram } from '../programs.ts';
import { HOST_ENV } from '../stories/config.ts';
import { programFile, startProgram } from '../stories/program.ts';
import type { Program } from '../stories/program.ts';
import { GIVEN_KUBECONFIG } from './config.ts';
import { enterGround, hasTools } from './ground.ts';
import type { Ground } from './ground.ts';
import { CHARTS, CONTROLLER } from './helm.ts';
import { allPages, commandsOf, pageOf } from './pages.ts';
import type { Block } from './pages.ts';
import { runTool } from './tool.ts';

const STORY = { timeout: 240_000 };
const POLL = { timeout: 30_000, interval: 200 };
const REGISTRY = 'oci://ghcr.io/muster-runners/charts/';

const programs = await Promise.all(['helm', 'kubectl'].map((name) => findProgram(name)));
const folders = programs.flatMap((path) => (path === undefined ? [] : [dirname(path)]));

interface Rights {
  listener: { resources: string; verbs: string[] }[];
}

interface Pod {
  metadata: { deletionTimestamp?: string };
  spec: { containers: { ports?: { name: string; containerPort: number }[] }[] };
  status: { podIP?: string };
}

/** The metrics of a PromQL expression: what is left without labels, ranges and functions. */
const metricsIn = (expression: string): string[] =>
  expression
    .replaceAll(/\{[^}]*\}|\[[^\]]*\]|\b(?:by|on) *\([^)]*\)/g, '')
    .match(/\b[a-z]+(?:_[a-z]+)+\b(?! *\()/g) ?? [];

/** Every PromQL expression in it. */
function expressionsOf(value: unknown): string[] {
  if (typeof value !== 'object' || value === null) return [];
  return Object.entries(value).flatMap(([key, inner]) =>
    (key === 'expr' || key === 'query') && typeof inner === 'string'
      ? [inner]
      : expressionsOf(inner),
  );
}

/** Those that are marked cannot be had here. */
const isRunHere = ({ needs }: Block): boolean => needs === undefined;

describe.skipIf(!hasTools || GIVEN_KUBECONFIG !== undefined)('the commands of docs/', STORY, () => {
  let ground: Ground;
  let simulator: Program;
  let github: string;
  const run = new Set<string>();

  beforeAll(async () => {
    ground = await enterGround();
    const args = [programFile('@muster/simulator/main'), '--port', '0'];
    simulator = startProgram({ args, cwd: ground.desk, env: HOST_ENV });
    github = (await simulator.says(/^ready /)).replace('ready ', '');
    const { privateKey } = generateKeyPairSync('rsa', { modulusLength: 2048 });
    const key = privateKey.export({ type: 'pkcs1', format: 'pem' });
    await writeFile(join(ground.desk, 'private-key.pem'), key);
    await writeFile(join(ground.desk, 'ca.crt'), 'a certificate');
  }, STORY.timeout);

  afterAll(async () => {
    await ground.stop();
    simulator.kill('SIGTERM');
    await simulator.ended;
  }, STORY.timeout);

  /** The public addresses are this checkout and the simulator. */
  const here = (command: string): string =>
    command
      .replaceAll('https://github.com/', `${github}/`)
      .replaceAll(REGISTRY, `${CHARTS}/`)
      // The dev cluster has no Jobs; crds.contract.test.ts runs the hook on a real Kubernetes.
      .replaceAll(/helm upgrade (?=\S+ \S+-controller )/g, 'helm upgrade --no-hooks ');

  /** As a shell does, with what it prints. */
  function type({ text }: Block): Promise<string> {
    run.add(text);
    const env = {
      ...HOST_ENV,
      PATH: [...folders, HOST_ENV.PATH].join(delimiter),
      HOME: ground.desk,
      KUBECONFIG: ground.kubeconfig,
      GITHUB_TOKEN: 'planted',
      PROXY_PASSWORD: 'planted',
    };
    return runTool('sh', ['-euc', here(text)], { env, cwd: ground.desk });
  }

  async function typeAll(blocks: readonly Block[]): Promise<void> {
    for (const block of blocks.filter(isRunHere)) await type(block);
  }

  /** Up to the heading, and from there on. */
  async function quickStart(): Promise<{ up: Block[]; away: Block[] }> {
    const page = await pageOf('quick-start.md');
    const [before = ''] = page.text.split('## Away with it');
    const commands = commandsOf(page);
    const isUp = ({ text }: Block): boolean => before.includes(text);
    return { up: commands.filter(isUp), away: commands.filter((block) => !isUp(block)) };
  }

  test('of quick-start.md lead to a job that is run, and to a cluster with nothing of ours', async () => {
    const { up, away } = await quickStart();
    await typeAll(up);
    const [workflow] = (await pageOf('quick-start.md')).blocks.filter(
      ({ language }) => language === 'yaml',
    );
    const control = createControl(github);
    const started = await control.startRun({
      path: 'ci.yml',
      content: workflow?.text ?? '',
      repositoryPath: ground.desk,
    });
    if (started.is === 'broken') throw new Error(started.problems.join('\n'));
    const { id } = started.run;
    await expect.poll(async () => (await control.run(id)).result, POLL).toBe('success');
    await typeAll(away);
    await expect.poll(left, POLL).toEqual([]);
    expect(await ground.kubectl(['get', 'crds', '--no-headers', '--ignore-not-found'])).toBe('');
  });

  /** Objects in namespaces of ours, but for what each namespace has. */
  async function left(): Promise<string[]> {
    const kinds = 'deployments,replicasets,pods,secrets,roles,rolebindings,serviceaccounts';
    const each = '{range .items[*]}{.metadata.namespace}/{.kind}/{.metadata.name}{"\\n"}{end}';
    const read = ['--all-namespaces', '--output', `jsonpath=${each}`];
    const objects = (await ground.kubectl(['get', kinds, ...read])).split('\n');
    const ours = objects.filter((object) => /^(muster-system|my-runners)\//.test(object));
    return ours.filter((object) => !object.endsWith('/ServiceAccount/default'));
  }

  test("of the other pages work on what it leaves, and a listener's rights are as written", async () => {
    await typeAll((await quickStart()).up);
    const roles = await ground.kubectl(['get', 'roles', '--namespace', 'my-runners', '-o', 'json']);
    await expectListenerRights(roles);
    for (const name of [
      'operations.md',
      'troubleshooting.md',
      'security.md',
      'authentication.md',
    ]) {
      await typeAll(commandsOf(await pageOf(name)));
    }
  });

  async function expectListenerRights(roles: string): Promise<void> {
    const file = await readFile(new URL('../../../docs/rbac.yaml', import.meta.url), 'utf8');
    const { listener } = parse(file) as Rights;
    const { items } = JSON.parse(roles) as {
      items: { metadata: { name: string }; rules: { resources: string[]; verbs: string[] }[] }[];
    };
    const role = items.find(({ metadata }) => metadata.name.endsWith('-listener'));
    const granted = role?.rules.flatMap(({ resources, verbs }) =>
      resources.map((resource) => `actions.github.com/${resource}: ${verbs.join(' ')}`),
    );
    const said = listener.filter(({ verbs }) => verbs.length > 0);
    expect(granted?.sort()).toEqual(
      said.map(({ resources, verbs }) => `${resources}: ${verbs.join(' ')}`).sort(),
    );
  }

  /** What a pod of the operator's namespace serves where its port `metrics` is. */
  async function scraped(selector: string): Promise<string> {
    const pods = ['get', 'pods', '--namespace', 'muster-system', '--selector', selector];
    const { items } = JSON.parse(await ground.kubectl([...pods, '-o', 'json'])) as { items: Pod[] };
    const [pod] = items.filter(({ metadata }) => metadata.deletionTimestamp === undefined);
    const port = pod?.spec.containers[0]?.ports?.find(({ name }) => name === 'metrics');
    const url = `http://${pod?.status.podIP ?? ''}:${port?.containerPort ?? 0}/metrics`;
    return fetch(url).then(
      (response) => response.text(),
      () => '',
    );
  }

  test('and the metrics that the dashboard and the alerts name are served', async () => {
    const operations = await pageOf('operations.md');
    const [served, alerts] = operations.blocks.filter(({ language }) => language === 'yaml');
    // The dev cluster has no Prometheus Operator.
    const values = { ...(parse(served?.text ?? '') as object), podMonitor: { enabled: false } };
    const upgrade = ['upgrade', 'muster', join(CHARTS, CONTROLLER), '--no-hooks', '--values', '-'];
    await ground.helm([...upgrade, '--namespace', 'muster-system'], JSON.stringify(values));
    const component = 'app.kubernetes.io/component=';
    const operator = (): Promise<string> => scraped(`${component}controller-manager`);
    const listener = (): Promise<string> => scraped(`${component}runner-scale-set-listener`);
    await expect.poll(operator, POLL).toContain('workqueue_depth');
    await expect.poll(listener, POLL).toContain('gha_desired_runners');
    const exposed = new Set(
      [...`${await operator()}${await listener()}`.matchAll(/^# TYPE (\w+) (\w+)/gm)].flatMap(
        ([, name = '', type]) =>
          type === 'histogram'
            ? ['bucket', 'sum', 'count'].map((part) => `${name}_${part}`)
            : [name],
      ),
    );
    const dashboard = await ground.kubectl([
      ...['get', 'configmaps', '--namespace', 'muster-system', '--selector', 'grafana_dashboard=1'],
      ...['--output', 'jsonpath={.items[0].data.muster\\.json}'],
    ]);
    const asked = [
      ...expressionsOf(JSON.parse(dashboard)),
      ...expressionsOf(parse(alerts?.text ?? '')),
    ];
    const metrics = new Set(asked.flatMap(metricsIn));
    expect(metrics.size).toBeGreaterThan(20);
    expect([...metrics].filter((name) => !exposed.has(name))).toEqual([]);
  });

  test('of migrate-from-arc.md work on releases of the names that they name', async () => {
    await ground.helm(['uninstall', 'muster', '--namespace', 'muster-system']);
    const anew = ['--create-namespace', '--namespace'];
    await ground.helm(['install', 'arc', join(CHARTS, CONTROLLER), ...anew, 'arc-systems']);
    const set = join(CHARTS, 'gha-runner-scale-set');
    const values = {
      githubConfigUrl: `${github}/my-org`,
      githubConfigSecret: { github_token: 'planted' },
    };
    const given = ['--values', '-', ...anew, 'arc-runners'];
    await ground.helm(['install', 'arc-runner-set', set, ...given], JSON.stringify(values));
    await typeAll(commandsOf(await pageOf('migrate-from-arc.md')));
  });

  test('are all that there are', async () => {
    const all = (await allPages()).flatMap(commandsOf).filter(isRunHere);
    expect(all.length).toBeGreaterThan(20);
    expect(all.filter(({ text }) => !run.has(text))).toEqual([]);
  });
});
