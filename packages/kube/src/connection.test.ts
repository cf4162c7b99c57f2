import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, onTestFinished, test } from 'vitest';
import { loadConnection } from './connection.ts';

const ACCOUNT = '/var/run/secrets/kubernetes.io/serviceaccount';

/** A file system of an object. */
const files =
  (all: Record<string, string>) =>
  (path: string): Promise<string> => {
    const text = all[path];
    if (text !== undefined) return Promise.resolve(text);
    return Promise.reject(Object.assign(new Error(`ENOENT: ${path}`), { code: 'ENOENT' }));
  };

const kubeconfig = (
  name: string,
  { token = 't0', server = `https://${name}.example:6443/` } = {},
): string =>
  JSON.stringify({
    apiVersion: 'v1',
    kind: 'Config',
    'current-context': name,
    contexts: [{ name, context: { cluster: name, user: name, namespace: `${name}-ns` } }],
    clusters: [
      {
        name,
        cluster: { server, 'certificate-authority-data': Buffer.from('CA').toString('base64') },
      },
    ],
    users: [{ name, user: { token } }],
  });

describe('in a pod', () => {
  const env = { KUBERNETES_SERVICE_HOST: 'fd00::1', KUBERNETES_SERVICE_PORT: '6443' };
  const pod = (): Record<string, string> => ({
    [`${ACCOUNT}/token`]: 'one\n',
    [`${ACCOUNT}/ca.crt`]: 'CA',
    [`${ACCOUNT}/namespace`]: 'arc-systems\n',
  });

  test('the ServiceAccount says who we are and where', async () => {
    const connection = await loadConnection({ env, readFile: files(pod()) });
    expect(connection).toMatchObject({
      server: 'https://[fd00::1]:6443',
      namespace: 'arc-systems',
      tls: { ca: 'CA' },
    });
    expect(await connection.headers()).toEqual({ authorization: 'Bearer one' });
  });

  test('a refused token is read anew; while it cannot be read the last one is used', async () => {
    const all = pod();
    const connection = await loadConnection({ env, readFile: (path) => files(all)(path) });
    all[`${ACCOUNT}/token`] = 'two';
    expect(await connection.headers()).toEqual({ authorization: 'Bearer one' });
    connection.renew();
    expect(await connection.headers()).toEqual({ authorization: 'Bearer two' });
    Reflect.deleteProperty(all, `${ACCOUNT}/token`);
    connection.renew();
    expect(await connection.headers()).toEqual({ authorization: 'Bearer two' });
  });

  test('a missing token is one line that names the file', async () => {
    await expect(
      loadConnection({
        env,
        readFile: files({ [`${ACCOUNT}/ca.crt`]: 'CA', [`${ACCOUNT}/namespace`]: 'n' }),
      }),
    ).rejects.toMatchObject({
      code: 'bad-config',
      message: `could not read the pod's token ${ACCOUNT}/token: there is no such file`,
    });
  });
});

describe('with a kubeconfig', () => {
  test('the current context is used', async () => {
    const connection = await loadConnection({
      env: { KUBECONFIG: '/k' },
      readFile: files({ '/k': kubeconfig('one') }),
    });
    expect(connection).toMatchObject({ server: 'https://one.example:6443', namespace: 'one-ns' });
    expect(String(connection.tls.ca)).toBe('CA');
    expect(await connection.headers()).toEqual({ authorization: 'Bearer t0' });
  });

  test('a server without TLS is reached, as with kubectl proxy', async () => {
    const readFile = files({ '/k': kubeconfig('one', { server: 'http://127.0.0.1:8001' }) });
    const connection = await loadConnection({ env: { KUBECONFIG: '/k' }, readFile });
    expect(connection.server).toBe('http://127.0.0.1:8001');
  });

  test('KUBECONFIG wins over the pod, the pod over the home directory', async () => {
    const readFile = files({
      '/k': kubeconfig('one'),
      '/home/me/.kube/config': kubeconfig('home'),
    });
    const inPod = { KUBERNETES_SERVICE_HOST: '10.0.0.1', HOME: '/home/me' };
    expect(
      (await loadConnection({ env: { ...inPod, KUBECONFIG: '/k' }, readFile })).namespace,
    ).toBe('one-ns');
    expect((await loadConnection({ env: { HOME: '/home/me' }, readFile })).namespace).toBe(
      'home-ns',
    );
    await expect(loadConnection({ env: inPod, readFile })).rejects.toThrow('CA');
  });

  test('several files are one, and any context may be chosen', async () => {
    const readFile = files({ '/a': kubeconfig('one'), '/b': kubeconfig('two', { token: 't2' }) });
    const env = { KUBECONFIG: process.platform === 'win32' ? '/a;/b' : '/a:/b' };
    expect((await loadConnection({ env, readFile })).server).toBe('https://one.example:6443');
    const two = await loadConnection({ env, readFile, context: 'two' });
    expect(two.server).toBe('https://two.example:6443');
    expect(await two.headers()).toEqual({ authorization: 'Bearer t2' });
  });

  test.each([
    {
      name: 'that is not there',
      all: {},
      says: 'could not read the kubeconfig /k: there is no such file',
    },
    {
      name: 'that is no YAML',
      all: { '/k': '{a: [' },
      says: /^the kubeconfig \/k is broken: [^\n]+$/,
    },
    {
      name: 'without a context',
      all: { '/k': '{"apiVersion":"v1"}' },
      says: 'the kubeconfig /k names no current context',
    },
    {
      name: 'without the context asked for',
      all: { '/k': kubeconfig('one') },
      context: 'no',
      says: 'the kubeconfig /k has no context "no"',
    },
    {
      name: 'whose server is none',
      all: { '/k': kubeconfig('one', { server: 'nowhere' }) },
      says: 'the kubeconfig /k has no server for "one"',
    },
  ])('$name is one line that says so', async ({ all, says, context }) => {
    const sources = {
      env: { KUBECONFIG: '/k' },
      readFile: files(all),
      ...(context === undefined ? {} : { context }),
    };
    await expect(loadConnection(sources)).rejects.toMatchObject({
      code: 'bad-config',
      message: typeof says === 'string' ? says : (expect.stringMatching(says) as string),
    });
  });
});

describe('a plugin for credentials', () => {
  /** Answers with what its counter says, so that each run can be told from the others. */
  async function aPlugin(status: string): Promise<{ readFile: () => Promise<string> }> {
    const dir = await mkdtemp(join(tmpdir(), 'muster-plugin-'));
    onTestFinished(() => rm(dir, { recursive: true }));
    const program = join(dir, 'plugin.mjs');
    await writeFile(
      program,
      `import { existsSync, readFileSync, writeFileSync } from 'node:fs';
      const file = ${JSON.stringify(join(dir, 'runs'))};
      const run = existsSync(file) ? Number(readFileSync(file, 'utf8')) + 1 : 1;
      writeFileSync(file, String(run));
      const { apiVersion } = JSON.parse(process.env.KUBERNETES_EXEC_INFO);
      console.log(JSON.stringify({ kind: 'ExecCredential', apiVersion, status: ${status} }));`,
    );
    const config = JSON.parse(kubeconfig('one')) as { users: { user: object }[] };
    const apiVersion = 'client.authentication.k8s.io/v1';
    const exec = {
      apiVersion,
      command: process.execPath,
      args: [program],
      interactiveMode: 'Never',
    };
    config.users = [{ ...config.users[0], user: { exec } }];
    return { readFile: () => Promise.resolve(JSON.stringify(config)) };
  }
  const env = { KUBECONFIG: '/k' };

  test('runs once for many calls, and again when the server refuses its token', async () => {
    const { readFile } = await aPlugin('{ token: `${apiVersion} ${run}` }');
    const connection = await loadConnection({ env, readFile });
    const bearer = (run: number): object => ({
      authorization: `Bearer client.authentication.k8s.io/v1 ${run}`,
    });
    expect(await connection.headers()).toEqual(bearer(1));
    expect(await connection.headers()).toEqual(bearer(1));
    connection.renew();
    expect(await connection.headers()).toEqual(bearer(2));
  });

  test('that renews a client certificate makes it another TLS', async () => {
    const { readFile } = await aPlugin(
      '{ clientCertificateData: `cert ${run}`, clientKeyData: "key" }',
    );
    const connection = await loadConnection({ env, readFile });
    await connection.headers();
    const { tls } = connection;
    expect(tls.cert).toBe('cert 1');
    expect(connection.tls).toBe(tls);
    connection.renew();
    await connection.headers();
    expect(connection.tls.cert).toBe('cert 2');
  });
});

describe('the way to the server', () => {
  const HTTPS_PROXY = 'http://proxy.example:3128';

  test('goes through the proxy of the environment, that of the kubeconfig first', async () => {
    const own = JSON.parse(kubeconfig('two')) as { clusters: { cluster: object }[] };
    Object.assign(own.clusters[0]?.cluster ?? {}, { 'proxy-url': 'socks5://127.0.0.1:1080' });
    const readFile = files({ '/a': kubeconfig('one'), '/b': JSON.stringify(own) });
    const load = (path: string) =>
      loadConnection({ env: { KUBECONFIG: path, HTTPS_PROXY }, readFile });
    expect((await load('/a')).proxyUrl).toBe(HTTPS_PROXY);
    expect((await load('/b')).proxyUrl).toBe('socks5://127.0.0.1:1080');
  });

  test('goes through it from a pod as well, unless NO_PROXY says otherwise', async () => {
    const readFile = files({
      [`${ACCOUNT}/token`]: 't',
      [`${ACCOUNT}/ca.crt`]: 'CA',
      [`${ACCOUNT}/namespace`]: 'n',
    });
    const pod = { KUBERNETES_SERVICE_HOST: '10.96.0.1', HTTPS_PROXY };
    expect((await loadConnection({ env: pod, readFile })).proxyUrl).toBe(HTTPS_PROXY);
    const excepted = { ...pod, NO_PROXY: '10.96.0.0/12' };
    expect((await loadConnection({ env: excepted, readFile })).proxyUrl).toBeUndefined();
  });
});
