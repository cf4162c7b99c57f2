// What Helm tells after an installation, and what it refuses: a mistake is named, and only one that cannot work stops it.
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { enterGround, hasTools } from './ground.ts';
import type { Ground } from './ground.ts';
import { CHARTS, CONTROLLER, SCALE_SET } from './helm.ts';

const START = { timeout: 60_000 };

describe.skipIf(!hasTools)('Helm, of the charts', START, () => {
  let ground: Ground;

  beforeAll(async () => {
    ground = await enterGround();
    // Helm's dry run knows no kind that the cluster does not.
    await ground.makeKinds();
  }, START.timeout);

  afterAll(() => ground.stop(), START.timeout);

  /** What a dry run says, from NOTES on. */
  async function notes(chart: string, values: object): Promise<string> {
    const args = ['install', 'mine', join(CHARTS, chart), '--dry-run=server', '--values', '-'];
    const said = await ground.helm([...args, '--namespace', 'here'], JSON.stringify(values));
    return said.slice(said.indexOf('NOTES:') + 'NOTES:\n'.length);
  }

  const warnings = async (chart: string, values: object): Promise<string[]> =>
    (await notes(chart, values))
      .split('\n')
      .filter((line) => line.startsWith('WARNING: '))
      .map((line) => line.replace('WARNING: ', ''));

  const REQUIRED = {
    githubConfigUrl: 'https://github.com/my-org',
    githubConfigSecret: 'mine',
    controllerServiceAccount: { name: 'operator', namespace: 'system' },
  };

  test("the operator's notes say what to do next", async () => {
    expect(await notes(CONTROLLER, {})).toMatchInlineSnapshot(`
      "Muster 0.1.0 is installed as mine in the namespace here. Whether it runs:

        kubectl rollout status deployment/mine-gha-rs-controller --namespace here

      Next, a scale set, for jobs that say \`runs-on: my-runners\`:

        helm install my-runners oci://ghcr.io/muster-runners/charts/gha-runner-scale-set \\
          --namespace my-runners --create-namespace \\
          --set githubConfigUrl=https://github.com/my-org --set githubConfigSecret=my-github-secret
      "
    `);
  });

  test('where nothing replaces the definitions, the notes say how', async () => {
    const command =
      'helm show crds oci://ghcr.io/muster-runners/charts/gha-runner-scale-set-controller --version 0.1.0 | kubectl replace -f -';
    expect(await notes(CONTROLLER, { crds: { upgrade: false } })).toContain(command);
    expect(await notes(CONTROLLER, { flags: { watchSingleNamespace: 'ours' } })).toContain(command);
    expect(await notes(CONTROLLER, {})).not.toContain(command);
  });

  test("a scale set's notes say what to do next", async () => {
    expect(await notes(SCALE_SET, { ...REQUIRED, runnerScaleSetName: 'my_runners' }))
      .toMatchInlineSnapshot(`
      "The scale set my_runners is installed. Whether it listens:

        kubectl wait --for=condition=Ready autoscalingrunnerset/my-runners --namespace here --timeout=2m

      Then a workflow's job runs here when it says:

        runs-on: my_runners

      Why it does not, if so:

        kubectl describe autoscalingrunnerset/my-runners --namespace here
      "
    `);
  });

  test.each([
    {
      name: 'a typo names the value that was meant',
      chart: CONTROLLER,
      values: {
        flags: { logLvl: 'info' },
        replicas: 2,
        metrics: { controllerManagerAddr: ':8080', listnerAddr: '' },
      },
      warned: [
        'flags.logLvl: no such value; nothing reads it; did you mean flags.logLevel?',
        'metrics.listnerAddr: no such value; nothing reads it; did you mean metrics.listenerAddr?',
        'replicas: no such value; nothing reads it; did you mean replicaCount?',
      ],
    },
    {
      name: 'a key at the wrong place names the right one',
      chart: CONTROLLER,
      values: { healthProbeBindAddress: ':8081', qqq: 1 },
      warned: [
        'healthProbeBindAddress: no such value; nothing reads it; did you mean flags.healthProbeBindAddress?',
        'qqq: no such value; nothing reads it',
      ],
    },
    {
      name: "what ARC's chart bears in silence",
      chart: CONTROLLER,
      values: {
        env: { name: 'A' },
        pprof: { addr: ':6060' },
        flags: { updateStrategy: 'later' },
        image: {
          repository: 'mirror.example.com/actions/gha-runner-scale-set-controller',
          tag: '0.14.2',
        },
      },
      warned: [
        'env: is ignored, for it is no list of `name` and `value`',
        'pprof.addr: has no effect, for Node has no pprof',
        'flags.updateStrategy: "later" means immediate; there are immediate and eventual',
        "image.repository: mirror.example.com/actions/gha-runner-scale-set-controller looks like ARC's image; this chart is made for ghcr.io/muster-runners/muster",
        "image.tag: 0.14.2 is not 0.1.0, for which this chart is made; a tag of ARC's is no image of Muster's",
      ],
    },
    {
      name: "what a scale set's chart bears in silence",
      chart: SCALE_SET,
      values: {
        ...REQUIRED,
        minRunners: '1',
        maxRunners: '5',
        scaleSetLabels: 'linux',
        proxy: { noProxy: 'a,b' },
        containerMode: { type: 'dnd' },
        nameOverride: 'x',
        template: { spec: { containers: [{ name: 'runner', image: 'r:1' }] } },
      },
      warned: [
        'minRunners: "1" is text and is ignored; write the number without quotes',
        'maxRunners: "5" is text and is ignored; write the number without quotes',
        'proxy.noProxy: "a,b" is text and is ignored; write a list',
        'scaleSetLabels: "linux" is text and is ignored; write a list',
        'containerMode.type: "dnd" is no mode and the same as none; there are dind, kubernetes and kubernetes-novolume',
        "nameOverride: has no effect; runnerScaleSetName is the scale set's name",
        "template.spec.containers: `runner` has no command, for your list replaces the chart's; it is usually [/home/runner/run.sh]",
      ],
    },
    {
      name: 'a typo in a scale set, and a claim that is missing',
      chart: SCALE_SET,
      values: {
        ...REQUIRED,
        minruners: 3,
        resourceMeta: { runner: {} },
        containerMode: { type: 'kubernetes' },
      },
      warned: [
        'minruners: no such value; nothing reads it; did you mean minRunners?',
        'resourceMeta.runner: no such value; nothing reads it; did you mean resourceMeta.ephemeralRunner?',
        "containerMode.kubernetesModeWorkVolumeClaim: is needed in mode kubernetes; without it no runner's pod can be made",
      ],
    },
    {
      name: 'keys of the user in a Secret, in labels and in a template are none',
      chart: SCALE_SET,
      values: {
        ...REQUIRED,
        githubConfigSecret: { github_token: 't', mine: 'x' },
        labels: { team: 'a' },
        listenerTemplate: { spec: { hostname: 'h' } },
        global: { any: 1 },
        keyVault: {
          type: 'azure_key_vault',
          azure_key_vault: {
            url: 'https://v',
            tenant_id: 'a',
            client_id: 'b',
            certificate_path: '/c',
          },
        },
      },
      warned: [],
    },
  ])('warns: $name', async ({ chart, values, warned }) => {
    expect(await warnings(chart, values)).toEqual(warned);
  });

  test.each([
    {
      chart: CONTROLLER,
      values: { replicaCount: 'many', flags: { logLevel: 'trace' }, imagePullSecrets: ['a'] },
      refused: [
        "at '/replicaCount': 'many' does not match pattern",
        "at '/flags/logLevel': value must be one of 'debug', 'info', 'warn', 'error'",
        "at '/imagePullSecrets/0': got string, want object",
      ],
    },
    {
      chart: SCALE_SET,
      values: {
        ...REQUIRED,
        proxy: { https: 'http://p' },
        labels: { a: {} },
        template: { spec: { containers: 'none' } },
      },
      refused: [
        "at '/proxy/https': got string, want null or object",
        "at '/labels/a': got object, want null or boolean or number or string",
        "at '/template/spec/containers': got string, want array",
      ],
    },
  ])('refuses what no template could use: $chart', async ({ chart, values, refused }) => {
    const complaint = await notes(chart, values).then(
      () => 'nothing',
      (error: unknown) => (error as Error).message,
    );
    for (const line of refused) expect(complaint).toContain(line);
  });
});
