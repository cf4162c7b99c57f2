// Helm runs the hook that replaces the definitions, on a real API server, with the rights that the chart gives it. The kubelet's part,
// to run the hook's pod, is played by the test: the pod's command as a process, with a token of the pod's ServiceAccount.
import { randomBytes } from 'node:crypto';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { parse, stringify } from 'yaml';
import { HOST_ENV } from '../stories/config.ts';
import { programFile } from '../stories/program.ts';
import { GIVEN_KUBECONFIG } from './config.ts';
import { enterGround, hasTools } from './ground.ts';
import type { Ground } from './ground.ts';
import { CHARTS, CONTROLLER } from './helm.ts';
import { runTool } from './tool.ts';

const START = { timeout: 120_000 };
const NO_JOBS = 'the cluster has no Jobs';
const NAME = 'autoscalingrunnersets.actions.github.com';

interface Definition {
  metadata: { name: string };
  spec: { versions: { schema: { openAPIV3Schema: { properties: { status: object } } } }[] };
}

interface Pod {
  metadata: { name: string };
  spec: { serviceAccountName: string; containers: { args: string[] }[] };
}

// `pnpm conformance` names the clusters; one without Jobs, as the dev cluster, is left out.
const isLeftOut = !hasTools || GIVEN_KUBECONFIG === undefined;

describe.skipIf(isLeftOut)('the hook of the definitions', START, () => {
  const mark = randomBytes(3).toString('hex');
  const namespace = `crds-${mark}`;
  const release = ['muster', join(CHARTS, CONTROLLER), '--namespace', namespace];
  const options = ['--set', `fullnameOverride=crds-${mark}`, '--timeout', '60s'];
  let ground: Ground;
  let ours: Definition;
  let hasJobs = false;

  beforeAll(async () => {
    ground = await enterGround();
    await ground.kubectl(['create', 'namespace', namespace]);
    await ground.makeKinds();
    hasJobs = (await ground.kubectl(['api-resources', '--api-group=batch'])).includes('Job');
    const file = join(CHARTS, CONTROLLER, 'crds', `actions.github.com_autoscalingrunnersets.yaml`);
    ours = parse(await readFile(file, 'utf8')) as Definition;
  }, START.timeout);

  afterAll(async () => {
    await ground.helm(['uninstall', 'muster', '--namespace', namespace, '--ignore-not-found']);
    await ground.kubectl(['delete', 'namespace', namespace, '--wait=false']);
    await ground.stop();
  }, START.timeout);

  /** As an older release, or ARC, left it: its objects keep nothing of our status. */
  async function makeOlder(): Promise<void> {
    const older = structuredClone(ours);
    for (const { schema } of older.spec.versions) {
      schema.openAPIV3Schema.properties.status = { type: 'object' };
    }
    await ground.kubectl(['replace', '-f', '-'], stringify(older));
  }

  async function schemaThere(): Promise<unknown> {
    const definition = await ground.kubectl(['get', 'crd', NAME, '-o', 'json']);
    return (JSON.parse(definition) as Definition).spec.versions[0]?.schema;
  }

  /** What stays of the hook in the cluster. */
  const left = (): Promise<string> =>
    ground.kubectl([
      ...['get', 'jobs,serviceaccounts,clusterroles,clusterrolebindings', '--all-namespaces'],
      ...['-o', `jsonpath={range .items[?(@.metadata.name=="crds-${mark}-crds")]}{.kind}{end}`],
    ]);

  /** Plays the kubelet while `helm` runs; gives how many pods it ran. */
  async function withKubelet(helm: Promise<string>): Promise<number> {
    const ended = new AbortController();
    const over = (): void => {
      ended.abort();
    };
    const [ran] = await Promise.all([kubelet(ended.signal), helm.finally(over)]);
    return ran;
  }

  async function kubelet(signal: AbortSignal): Promise<number> {
    const seen = new Set<string>();
    const ours = ['--namespace', namespace, '-l', 'app.kubernetes.io/component=crds-upgrade'];
    while (!signal.aborted) {
      const { items } = JSON.parse(
        await ground.kubectl(['get', 'pods', ...ours, '-o', 'json']),
      ) as {
        items: Pod[];
      };
      for (const pod of items.filter(({ metadata }) => !seen.has(metadata.name))) {
        seen.add(pod.metadata.name);
        await runPod(pod);
      }
      await pause(100);
    }
    return seen.size;
  }

  async function runPod({ metadata: { name }, spec }: Pod): Promise<void> {
    const folder = await mkdtemp(join(tmpdir(), 'muster-hook-'));
    const KUBECONFIG = await kubeconfigOf(spec.serviceAccountName, folder);
    const [container] = spec.containers;
    const args = [programFile('@muster/controller/main'), ...(container?.args ?? [])];
    const phase = await runTool(process.execPath, args, { env: { ...HOST_ENV, KUBECONFIG } }).then(
      () => 'Succeeded',
      () => 'Failed',
    );
    await rm(folder, { recursive: true });
    const patch = [
      '--subresource=status',
      '--type=merge',
      '-p',
      JSON.stringify({ status: { phase } }),
    ];
    await ground.kubectl(['patch', 'pod', name, '--namespace', namespace, ...patch]);
  }

  /** The administrator's, but for who asks. */
  async function kubeconfigOf(account: string, folder: string): Promise<string> {
    const token = await ground.kubectl(['create', 'token', account, '--namespace', namespace]);
    const config = parse(await readFile(ground.kubeconfig, 'utf8')) as {
      users: { user: object }[];
    };
    for (const entry of config.users) entry.user = { token: token.trim() };
    const path = join(folder, 'kubeconfig');
    await writeFile(path, stringify(config), { mode: 0o600 });
    return path;
  }

  test('an installation that finds older definitions replaces them first, and nothing of it stays', async ({
    skip,
  }) => {
    skip(!hasJobs, NO_JOBS);
    await makeOlder();
    const helm = ground.helm(['install', ...release, '--skip-crds', ...options]);
    expect(await withKubelet(helm)).toBe(1);
    expect(await schemaThere()).toEqual(ours.spec.versions[0]?.schema);
    expect(await left()).toBe('');
  });

  test('an upgrade replaces them first', async ({ skip }) => {
    skip(!hasJobs, NO_JOBS);
    await makeOlder();
    expect(await withKubelet(ground.helm(['upgrade', ...release, ...options]))).toBe(1);
    expect(await schemaThere()).toEqual(ours.spec.versions[0]?.schema);
    expect(await left()).toBe('');
  });

  test('an upgrade that may not leaves them, and the notes say how', async ({ skip }) => {
    skip(!hasJobs, NO_JOBS);
    await makeOlder();
    const said = ground.helm(['upgrade', ...release, ...options, '--set', 'crds.upgrade=false']);
    expect(await said).toContain('kubectl replace -f -');
    expect(await schemaThere()).not.toEqual(ours.spec.versions[0]?.schema);
    const definitions = await ground.helm(['show', 'crds', join(CHARTS, CONTROLLER)]);
    await ground.kubectl(['replace', '-f', '-'], definitions);
    expect(await schemaThere()).toEqual(ours.spec.versions[0]?.schema);
  });

  test('an installation that finds ours already needs no hook', async () => {
    const other = ['install', 'another', join(CHARTS, CONTROLLER), '--namespace', namespace];
    const said = await ground.helm([...other, '--dry-run=server']);
    expect(said).toContain('helm.sh/hook: pre-upgrade\n');
  });
});
