// docs/simulator.md says how the control API is used; here its examples are run as they stand there.
import { generateKeyPairSync } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { CONTROL_CALLS } from './control-api.ts';
import { CALLS } from './faults.ts';
import { FAULTS } from './runner/config.ts';
import { listen } from './server.ts';
import type { RunningServer } from './server.ts';
import { createSimulator } from './simulator.ts';

const page = readFileSync(new URL('../../../docs/simulator.md', import.meta.url), 'utf8');

interface Curl {
  method: string;
  path: string;
  body?: string;
}

const lines = [...page.matchAll(/^```sh\n(.*?)^```$/gms)].flatMap(([, block = '']) =>
  block.split('\n').filter((line) => line.startsWith('curl ')),
);

/** Of the shell's words only those that the page needs: bare, 'as it is' and "with $URL". */
function read(line: string): Curl {
  const words = [...line.matchAll(/'([^']*)'|"([^"]*)"|(\S+)/g)].map(
    ([, single, double, bare]) => single ?? double ?? bare ?? '',
  );
  const valueOf = (flag: string): string | undefined =>
    words.includes(flag) ? words[words.indexOf(flag) + 1] : undefined;
  const url = words.find((word) => word.startsWith('$URL')) ?? '';
  const body = valueOf('-d');
  const method = valueOf('-X') ?? 'GET';
  return { method, path: url.replace('$URL', ''), ...(body !== undefined && { body }) };
}

const files: Record<string, string> = {
  '@app.json': JSON.stringify({
    appId: 'Iv1.demo',
    installationId: 7,
    publicKey: generateKeyPairSync('rsa', { modulusLength: 2048 })
      .publicKey.export({ type: 'spki', format: 'pem' })
      .toString(),
  }),
};

let server: RunningServer;

beforeEach(async () => {
  const onError = (error: unknown): never => expect.fail(String(error));
  const { serve } = createSimulator();
  server = await listen(serve, { host: '127.0.0.1', port: 0, onError });
});

afterEach(() => server.close());

test('its examples work, from top to bottom', async () => {
  const failed: string[] = [];
  for (const line of lines) {
    const { method, path, body } = read(line);
    const leave = new AbortController();
    const sent = body === undefined ? null : (files[body] ?? body);
    const response = await fetch(server.url + path, { method, body: sent, signal: leave.signal });
    if (response.status >= 300) failed.push(`${line}: ${await response.text()}`);
    // Events go on for ever.
    leave.abort();
  }
  expect(failed).toEqual([]);
});

describe('it leaves nothing out', () => {
  test('of the control API', () => {
    const shown = lines.map(read).map(({ method, path }) => {
      const [kind = '', id, ...rest] = path.replace(/^\/_control\/|\?.*/g, '').split('/');
      return `${method} /${[kind, ...(id === undefined ? [] : ['*']), ...rest].join('/')}`;
    });
    expect([...new Set(shown)].sort()).toEqual([...CONTROL_CALLS].sort());
  });

  test('of the calls that faults know, and the faults of the runner', () => {
    expect([...CALLS, ...FAULTS].filter((name) => !page.includes(`\`${name}\``))).toEqual([]);
  });
});
