// Credentials are planted wherever the far side could send them back, everything is broken, and every error is
// searched, with all that hangs on it.
import { generateKeyPairSync } from 'node:crypto';
import { inspect } from 'node:util';
import { describe, expect, test } from 'vitest';
import { createActionsClient } from './client.ts';
import { redactor } from './redact.ts';
import { ORIGIN, aClient, aFarSide, json, text, thrownBy } from './testing/far-side.ts';
import type { Asked, Reply } from './testing/far-side.ts';
import type { ActionsClient, GitHubCredentials } from './types.ts';

const PERSONAL = 'personal-s3cret';
const REGISTRATION = 'registration-s3cret';
const INSTALLATION = 'installation-s3cret';
const QUEUE = 'queue-s3cret';
const JIT = `${'aml0LWNvbmZpZw'.repeat(20)}==`;
const ADMIN = 'eyJhbGciOiJub25lIn0.eyJleHAiOjk5OTk5OTk5OTl9.admin-s3cret';
const { privateKey } = generateKeyPairSync('rsa', { modulusLength: 2048 });
const KEY = privateKey.export({ type: 'pkcs8', format: 'pem' }) as string;
const PLANTED = ['s3cret', JIT.slice(0, 60), KEY.split('\n')[5] ?? 'no key'];

const TOKEN: GitHubCredentials = { kind: 'token', token: PERSONAL };
const CREDENTIALS: GitHubCredentials[] = [
  TOKEN,
  { kind: 'app', appId: 'Iv1', installationId: 42, privateKey: KEY },
];

const call = ({ url, method }: Asked): string => `${method} ${url.pathname.replace(/\d+/g, '#')}`;

/** All is well, with secrets in every answer. */
const well: Reply = (asked) => {
  const { pathname } = asked.url;
  if (pathname.endsWith('/access_tokens')) return json(201, { token: INSTALLATION });
  if (pathname.endsWith('/registration-token')) return json(201, { token: REGISTRATION });
  if (pathname.endsWith('/runner-registration')) return json(200, { url: ORIGIN, token: ADMIN });
  if (pathname.includes('/sessions')) return json(200, session());
  if (pathname.endsWith('/generatejitconfig')) {
    return json(200, { runner: { id: 1, name: 'r' }, encodedJITConfig: JIT });
  }
  return json(202, {});
};

const session = () => ({
  sessionId: 'a',
  messageQueueUrl: `${ORIGIN}/queue?sig=queue-s3cret`,
  messageQueueAccessToken: QUEUE,
});

/** What the request held, and what its answer would have held, sent back in the worst places. */
async function echo(asked: Asked): Promise<string> {
  const usual = (await well(asked)).text();
  const all = [JSON.stringify([...asked.headers]), asked.url.href, asked.body, await usual];
  return all.reverse().join(' ');
}

const bearer = ({ headers }: Asked): string => headers.get('authorization')?.split(' ')[1] ?? '';

const BREAKS: Record<string, Reply> = {
  'an echo in plain text': async (asked) => text(400, await echo(asked)),
  'an echo in a message': async (asked) => json(403, { message: await echo(asked) }),
  'an echo in an exception': async (asked) =>
    json(409, { typeName: 'A.B, C', message: await echo(asked) }),
  'an echo in the name of an exception': async (asked) =>
    json(400, { typeName: `A.${bearer(asked)}`, message: await echo(asked) }),
  'an echo in the ids': (asked) =>
    json(500, {}, { activityid: bearer(asked), 'x-github-request-id': bearer(asked) }),
  'an echo in the type of a message': async (asked) =>
    json(200, { messageId: 1, messageType: await echo(asked) }),
  'an echo in a title': async (asked) => text(502, `<html><title>${await echo(asked)}</title>`),
  'a success that is none': async (asked) => text(206, await (await well(asked)).text()),
  'a broken success': async (asked) => {
    const usual = await well(asked);
    return text(usual.status, `${await usual.text()}}`);
  },
  'a misspelled success': async (asked) => {
    const usual = await well(asked);
    const body = (await usual.text()).replace(/"(\w+)":"/g, '"x$1":"');
    return text(usual.status, body);
  },
  'a network that quotes': async (asked) => {
    const cause = Object.assign(new Error(await echo(asked)), { request: asked, body: JIT });
    throw new TypeError('fetch failed', { cause });
  },
};

const STEPS: ((client: ActionsClient) => Promise<unknown>)[] = [
  (client) => client.createJitConfig({ scaleSetId: 1, name: 'r', workFolder: '' }),
  async (client) => {
    const opened = await client.createSession(1, 'owner');
    return opened.poll({ lastMessageId: 1, maxCapacity: 1 });
  },
  async (client) => (await client.createSession(1, 'owner')).acknowledge(1),
  async (client) => (await client.createSession(1, 'owner')).acquire([1]),
];

/** Everything that could end in a log: the text, the fields, the hidden fields, the chain of causes. */
const dump = (error: unknown): string =>
  [inspect(error, { depth: 20, showHidden: true }), String(error), JSON.stringify(error)].join(
    '\n',
  );

describe.each(Object.keys(BREAKS))('no secret is in an error after %s', (name) => {
  test.each(CREDENTIALS)('with the credentials of a $kind', async (credentials) => {
    const calls = new Set<string>();
    const seeing = aFarSide(well, well);
    for (const step of STEPS) await thrownBy(() => step(aClient(seeing, { credentials }).client));
    for (const asked of [...seeing.chain, ...seeing.asked]) calls.add(call(asked));

    let errors = 0;
    for (const broken of calls) {
      const reply: Reply = (asked) =>
        (call(asked) === broken ? (BREAKS[name] ?? well) : well)(asked);
      for (const step of STEPS) {
        const { client } = aClient(aFarSide(reply, reply), { credentials });
        const error = await thrownBy(() => step(client));
        if (error === undefined) continue;
        errors += 1;
        const found = PLANTED.filter((secret) => dump(error).includes(secret));
        expect({ broken, found, in: found.length > 0 ? dump(error) : '' }).toEqual({
          broken,
          found: [],
          in: '',
        });
      }
    }
    expect(errors).toBeGreaterThan(calls.size);
  });
});

describe('a text of a megabyte', () => {
  // Each of these keeps a regular expression of the redactor busy for minutes, when it is given all of it.
  test.each(['eyJ-', 'http://', '<title', 'token=', '-----BEGIN ', '//'])(
    'made of %j is searched as far as anybody reads it',
    (part) => {
      expect(redactor([])(part.repeat(1_000_000 / part.length)).length).toBeLessThan(20_000);
    },
  );

  test('is cut between words, so that no half of a secret is left', () => {
    const secret = 'known-s3cret';
    for (let words = 16_384 - secret.length; words <= 16_384; words += 1) {
      const clean = redactor([secret])(`${' '.repeat(words)}${secret} ${'x '.repeat(5_000)}`);
      expect(clean).not.toContain('kno');
    }
  });
});

test('no secret is seen in a client or a session', async () => {
  const { client } = aClient(aFarSide(well, well));
  const opened = await client.createSession(1, 'owner');
  const seen = inspect([client, opened], { depth: 20, showHidden: true }) + JSON.stringify(opened);
  expect(PLANTED.filter((secret) => seen.includes(secret))).toEqual([]);
});

test('no secret is in the complaint about what the client is given', () => {
  const given = { configUrl: `${ORIGIN}/my-org`, credentials: TOKEN };
  const userAgent = { version: '1', subsystem: 'test' };
  const makes = [
    () => createActionsClient({ ...given, userAgent, configUrl: 'https://x:s3cret@github.com/' }),
    () => createActionsClient({ ...given, userAgent, rootCa: 's3cret' }),
    () => createActionsClient({ ...given, userAgent, proxy: { http: 'ftp://x:s3cret@proxy' } }),
    () => createActionsClient({ ...given, userAgent, proxy: { https: 'http://x:s3cret@:port' } }),
    () =>
      createActionsClient({
        ...given,
        userAgent,
        credentials: { kind: 'token', token: 's3cret\n' },
      }),
  ];
  for (const make of makes) {
    let error: unknown;
    try {
      make();
    } catch (thrown) {
      error = thrown;
    }
    expect(error).toMatchObject({ name: 'ActionsError' });
    expect(dump(error)).not.toContain('s3cret');
  }
});

test.each([
  { text: 'token ghp_abcdefghijk is bad', clean: 'token *** is bad' },
  { text: 'key known-one here', clean: 'key *** here' },
  { text: 'Authorization: Bearer abcdefghijkl', clean: 'Authorization: Bearer ***' },
  { text: 'sent {"token":"abcdefghijkl"}', clean: 'sent {"token":"***"}' },
  { text: 'at https://queue/x?sig=abc&y=1 now', clean: 'at https://queue/x?*** now' },
  { text: 'at http://me:pw@proxy:1/x', clean: 'at http://***@proxy:1/x' },
  {
    text: 'message queue token expired: try again',
    clean: 'message queue token expired: try again',
  },
  {
    text: 'No runner scale set found with identifier 7.',
    clean: 'No runner scale set found with identifier 7.',
  },
])('"$clean" is left of a text', ({ text: dirty, clean }) => {
  expect(redactor(['known-one'])(dirty)).toBe(clean);
});
