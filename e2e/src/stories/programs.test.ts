// The programs of a pod, started by hand with something wrong: lines that say what and where, the
// right exit code, no stack trace, no hang.
import { createServer } from 'node:net';
import { describe } from 'vitest';
import { programFile, startProgram } from './program.ts';
import { writeFiles } from './repository.ts';
import { STORY, story } from './story.ts';
import type { AddressInfo } from 'node:net';
import type { Program } from './program.ts';
import type { Place } from './story.ts';

type Name = 'controller' | 'listener' | 'simulator' | 'devcluster';

const OPERATOR = {
  CONTROLLER_MANAGER_POD_NAMESPACE: 'muster-system',
  CONTROLLER_MANAGER_CONTAINER_IMAGE: 'muster:test',
};

/** Of a server at a port where nobody listens. */
const KUBECONFIG = `
apiVersion: v1
kind: Config
current-context: nobody
contexts: [{ name: nobody, context: { cluster: nobody, user: nobody } }]
clusters: [{ name: nobody, cluster: { server: 'https://127.0.0.1:1' } }]
users: [{ name: nobody, user: { token: planted-token } }]
`;

const LISTENER = {
  configure_url: 'http://127.0.0.1:1/my-org',
  github_token: 'planted-token',
  ephemeral_runner_set_namespace: 'runners',
  ephemeral_runner_set_name: 'linux',
  runner_scale_set_id: 1,
  max_runners: 5,
  log_format: 'text',
};

const FILES = {
  kubeconfig: KUBECONFIG,
  torn: '{ "a": [1',
  'listener.json': JSON.stringify(LISTENER),
  'incomplete.json': JSON.stringify({ ...LISTENER, github_token: '', runner_scale_set_id: 0 }),
  'images.json': '{"images":{}}',
};

interface Row {
  name: string;
  program: Name;
  args?: string[];
  env?: Record<string, string>;
  says: string[];
}

const ROWS: Row[] = [
  {
    name: 'that is told nothing (controller)',
    program: 'controller',
    says: [
      'bad configuration:',
      '  - CONTROLLER_MANAGER_POD_NAMESPACE is not set',
      '  - CONTROLLER_MANAGER_CONTAINER_IMAGE is not set',
    ],
  },
  {
    name: 'that is given wrong flags (controller)',
    program: 'controller',
    env: OPERATOR,
    args: ['--metrics-adr=:0', '--log-level=loud'],
    says: [
      'bad configuration:',
      '  - --metrics-adr is not known; did you mean --metrics-addr?',
      '  - --log-level must be one of debug, info, warn, error, not "loud"',
    ],
  },
  {
    name: 'whose kubeconfig is missing (controller)',
    program: 'controller',
    env: { ...OPERATOR, KUBECONFIG: 'DESK/nowhere' },
    says: ['could not read the kubeconfig DESK/nowhere: there is no such file'],
  },
  {
    name: 'whose kubeconfig is torn (controller)',
    program: 'controller',
    env: { ...OPERATOR, KUBECONFIG: 'DESK/torn' },
    says: [
      'the kubeconfig DESK/torn is broken: unexpected end of the stream within a flow collection (1:10)',
    ],
  },
  {
    name: 'whose port is in use (controller)',
    program: 'controller',
    env: { ...OPERATOR, KUBECONFIG: 'DESK/kubeconfig' },
    args: ['--metrics-addr=127.0.0.1:PORT'],
    says: ['could not listen on 127.0.0.1:PORT: the port is in use'],
  },
  {
    name: 'that is told nothing (listener)',
    program: 'listener',
    says: ['ghalistener: bad configuration:', '  - LISTENER_CONFIG_PATH is not set'],
  },
  {
    name: 'whose configuration is missing (listener)',
    program: 'listener',
    env: { LISTENER_CONFIG_PATH: 'DESK/nowhere' },
    says: [
      'ghalistener: bad configuration:',
      '  - LISTENER_CONFIG_PATH: cannot read DESK/nowhere (ENOENT)',
    ],
  },
  {
    name: 'whose configuration is torn (listener)',
    program: 'listener',
    env: { LISTENER_CONFIG_PATH: 'DESK/torn' },
    says: ['ghalistener: bad listener configuration:', '  - the file is not JSON'],
  },
  {
    name: 'whose configuration lacks much (listener)',
    program: 'listener',
    env: { LISTENER_CONFIG_PATH: 'DESK/incomplete.json' },
    says: [
      'ghalistener: bad listener configuration:',
      '  - runner_scale_set_id must be above 0',
      '  - github_token is not set, nor are github_app_id, github_app_installation_id and github_app_private_key together',
    ],
  },
  {
    name: 'that is in no cluster and has no kubeconfig (listener)',
    program: 'listener',
    env: { LISTENER_CONFIG_PATH: 'DESK/listener.json' },
    says: ['ghalistener: could not read the kubeconfig HOME/.kube/config: there is no such file'],
  },
  {
    name: 'whose port is in use (simulator)',
    program: 'simulator',
    args: ['--port', 'PORT'],
    says: ['simulator: listen EADDRINUSE: address already in use 127.0.0.1:PORT'],
  },
  {
    name: 'that is told nothing (devcluster)',
    program: 'devcluster',
    says: [
      'muster-devcluster: --dir is needed; --images is needed; usage: muster-devcluster --dir DIR --images FILE [--port N] [--with-parent]',
    ],
  },
  {
    name: 'whose image table is torn (devcluster)',
    program: 'devcluster',
    args: ['--dir', 'DESK/cluster', '--images', 'DESK/torn'],
    says: ['muster-devcluster: could not read the image table DESK/torn: not valid JSON'],
  },
  {
    name: 'whose port is in use (devcluster)',
    program: 'devcluster',
    args: ['--dir', 'DESK/cluster', '--images', 'DESK/images.json', '--port', 'PORT'],
    says: ['muster-devcluster: could not listen on 127.0.0.1 port PORT: it is in use'],
  },
];

function start(
  place: Place,
  { program, args = [], env = {} }: Omit<Row, 'name' | 'says'>,
): Program {
  const placed = (text: string): string => text.replaceAll('DESK', place.desk);
  return startProgram({
    args: [programFile(`@muster/${program}/main`), ...args.map(placed)],
    cwd: place.desk,
    env: {
      ...place.env,
      ...Object.fromEntries(Object.entries(env).map(([key, value]) => [key, placed(value)])),
    },
  });
}

/** A port that is taken until the story is over. */
async function takenPort(onTestFinished: (end: () => void) => void): Promise<string> {
  const server = createServer();
  await new Promise<void>((resolve) => {
    server.listen(0, '127.0.0.1', resolve);
  });
  onTestFinished(() => server.close());
  return String((server.address() as AddressInfo).port);
}

describe.concurrent('a program ends with 2', STORY, () => {
  story.for(ROWS)('$name', async ({ says, ...row }, { place, expect, onTestFinished }) => {
    await writeFiles(place.desk, FILES);
    const port = await takenPort(onTestFinished);
    const args = row.args?.map((arg) => arg.replace('PORT', port)) ?? [];
    const { code, out, err } = await start(place, { ...row, args }).ended;
    const said = err
      .replaceAll(place.desk, 'DESK')
      .replaceAll(place.env['HOME'] ?? '', 'HOME')
      .replaceAll(port, 'PORT');
    expect({ code, out, err: said }).toEqual({
      code: 2,
      out: '',
      err: says.map((line) => `${line}\n`).join(''),
    });
  });
});

// In a pod this is a rolling control plane: what is running must go on once it is back.
describe.concurrent('a program that cannot reach the API server says so and waits', STORY, () => {
  story.for([
    {
      program: 'controller',
      env: OPERATOR,
      args: ['--metrics-addr=0', '--log-level=info'],
      says: /WARN .*autoscalingrunnersets: connect ECONNREFUSED 127\.0\.0\.1:1/,
    },
    {
      program: 'listener',
      env: { LISTENER_CONFIG_PATH: 'DESK/listener.json' },
      says: /WARN .*ephemeralrunnersets.*linux.*: connect ECONNREFUSED 127\.0\.0\.1:1/,
    },
  ] as const)('$program', async ({ program, env, says, ...row }, { place, expect }) => {
    await writeFiles(place.desk, FILES);
    const args = 'args' in row ? [...row.args] : [];
    const waiting = start(place, { program, args, env: { ...env, KUBECONFIG: 'DESK/kubeconfig' } });
    await waiting.says(says);
    waiting.kill('SIGTERM');
    const { code, out, err } = await waiting.ended;
    expect({ code, out }).toEqual({ code: 0, out: '' });
    expect(err).not.toMatch(/^ +at |planted-token/m);
  });
});
