import { createServer } from 'node:http';
import { describe, expect, onTestFinished, test } from 'vitest';
import { createKubeClient } from './client.ts';
import { ConfigMapKind, PodKind } from './kinds.ts';
import { aCluster, aConfigMap } from './testing/cluster.ts';
import { createSteppedClock, recordedLog, settle, until } from './testing/index.ts';
import type { RequestListener } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { ConfigMap } from './kinds.ts';
import type { KubeClient, WatchEvent } from './types.ts';

const at = { namespace: 'default', name: 'a' };
async function drained(events: AsyncIterable<unknown>): Promise<number> {
  let count = 0;
  for await (const event of events) count += event === undefined ? 0 : 1;
  return count;
}

const status = (code: number, body: object = {}, headers: Record<string, string> = {}): Response =>
  Response.json({ kind: 'Status', code, ...body }, { status: code, headers });

/** Answers one after another; the last one again and again. */
function answering(...answers: (() => Response | Promise<Response>)[]): {
  fetch: (request: Request) => Promise<Response>;
  requests: Request[];
} {
  const requests: Request[] = [];
  return {
    requests,
    fetch: async (request) => {
      const answer = answers[Math.min(requests.length, answers.length - 1)];
      requests.push(request);
      if (answer === undefined) throw new Error('no answer was given');
      return answer();
    },
  };
}

const anObject = (resourceVersion = '1'): object => ({
  apiVersion: 'v1',
  kind: 'ConfigMap',
  metadata: { ...at, uid: 'u', resourceVersion, creationTimestamp: '2026-01-01T00:00:00Z' },
});

describe('against the dev cluster', () => {
  test('a watch from a forgotten version is expired', async () => {
    const { client, cluster } = aCluster();
    const { resourceVersion } = await client.list(ConfigMapKind);
    await client.create(ConfigMapKind, aConfigMap('a'));
    cluster.compact();
    await expect(drained(client.watch(ConfigMapKind, { resourceVersion }))).rejects.toMatchObject({
      code: 'expired',
    });
  });

  test('a stranger may not even ask what it may', async () => {
    const { cluster } = aCluster();
    const question = { verb: 'create', group: '', resource: 'pods', namespace: 'default' };
    const stranger = createKubeClient({ fetch: cluster.fetch });
    await expect(stranger.may(question)).rejects.toMatchObject({
      code: expect.stringMatching(/unauthorized|forbidden/) as string,
    });
  });
});

describe('a fenced client', () => {
  test('refuses writes while it may not write, and reads on', async () => {
    const { client } = aCluster();
    const leads = { now: true };
    const fenced = client.fenced(() => leads.now);
    await fenced.create(ConfigMapKind, aConfigMap('a'));
    leads.now = false;
    const writes = [
      () => fenced.create(ConfigMapKind, aConfigMap('b')),
      () => fenced.patch(ConfigMapKind, at, { data: {} }),
      () => fenced.patchStatus(ConfigMapKind, at, { status: {} }),
      () => fenced.patchJson(ConfigMapKind, at, []),
      () => fenced.patchScale(ConfigMapKind, at, {}),
      () => fenced.delete(ConfigMapKind, at),
    ];
    for (const write of writes) {
      await expect(write()).rejects.toMatchObject({ code: 'not-leading' });
    }
    const question = { verb: 'get', group: '', resource: 'pods', namespace: 'default' };
    expect(await fenced.may(question)).toBe(true);
    const { items } = await fenced.list(ConfigMapKind, { namespace: 'default' });
    expect(items.map(({ metadata }) => metadata.name)).toContain('a');
    await client.delete(ConfigMapKind, at);
  });

  test('asks again before each retry', async () => {
    const clock = createSteppedClock();
    const { fetch, requests } = answering(() => status(429, {}, { 'retry-after': '5' }));
    const leads = { now: true };
    const client = createKubeClient({ fetch, clock }).fenced(() => leads.now);
    const write = client.create(ConfigMapKind, aConfigMap('a'));
    await until(() => clock.untilNext() === 5_000);
    leads.now = false;
    clock.advance(5_000);
    await expect(write).rejects.toMatchObject({ code: 'not-leading' });
    expect(requests).toHaveLength(1);
  });
});

describe('warnings of the server', () => {
  const warning = '299 - "v1 is old", 299 - "spec.x is \\"odd\\""';
  const warns = (): Response => Response.json(anObject(), { headers: { warning } });

  test('are logged once each, with the call', async () => {
    const log = recordedLog();
    const client = createKubeClient({ fetch: answering(warns).fetch, log });
    await client.get(ConfigMapKind, at);
    await client.patch(ConfigMapKind, at, {});
    const call = 'get configmaps default/a';
    expect(log.lines).toEqual([
      { level: 'warn', message: 'the API server warns', fields: { call, warning: 'v1 is old' } },
      {
        level: 'warn',
        message: 'the API server warns',
        fields: { call, warning: 'spec.x is "odd"' },
      },
    ]);
  });

  test("are the caller's where it asks for them", async () => {
    const log = recordedLog();
    const client = createKubeClient({ fetch: answering(warns).fetch, log });
    const told: string[] = [];
    await client.patch(ConfigMapKind, at, {}, { onWarning: (text) => told.push(text) });
    expect(told).toEqual(['v1 is old', 'spec.x is "odd"']);
    expect(log.lines).toEqual([]);
  });
});

describe('errors', () => {
  test('name the call and the words of the server', async () => {
    const { fetch } = answering(() =>
      status(403, { reason: 'Forbidden', message: 'no, you may not' }),
    );
    await expect(createKubeClient({ fetch }).get(PodKind, at)).rejects.toMatchObject({
      message: 'could not get pods default/a: no, you may not',
      code: 'forbidden',
      status: 403,
      reason: 'Forbidden',
    });
  });

  test('a page that is no JSON is not passed on as an object', async () => {
    const { fetch } = answering(() => new Response('<html>'));
    await expect(
      createKubeClient({ fetch }).create(ConfigMapKind, aConfigMap('a')),
    ).rejects.toMatchObject({ code: 'unavailable' });
  });

  test('a namespaced object without a namespace is refused before it is asked for', async () => {
    const { fetch, requests } = answering(() => status(500));
    await expect(createKubeClient({ fetch }).get(PodKind, { name: 'a' })).rejects.toMatchObject({
      code: 'bad-request',
    });
    expect(requests).toEqual([]);
  });
});

describe('patience', () => {
  test('a throttled call waits as long as the server asks, whatever its verb', async () => {
    const clock = createSteppedClock();
    const { fetch, requests } = answering(
      () => status(429, {}, { 'retry-after': '3' }),
      () => Response.json(anObject(), { status: 201 }),
    );
    const made = createKubeClient({ fetch, clock }).create(ConfigMapKind, aConfigMap('a'));
    await settle();
    clock.advance(2_999);
    await settle();
    expect(requests).toHaveLength(1);
    clock.advance(1);
    await expect(made).resolves.toMatchObject({ kind: 'ConfigMap' });
  });

  test('a server that asks for more than the deadline is not waited for', async () => {
    const { fetch } = answering(() => status(429, {}, { 'retry-after': '60' }));
    const call = createKubeClient({ fetch, clock: createSteppedClock() }).get(PodKind, at);
    await expect(call).rejects.toMatchObject({ code: 'too-many-requests', retryAfterMs: 60_000 });
  });

  test('a read is tried again after a server error, a write is not', async () => {
    const clock = createSteppedClock();
    const reads = answering(
      () => status(503),
      () => Response.json(anObject()),
    );
    const read = createKubeClient({ fetch: reads.fetch, clock }).get(ConfigMapKind, at);
    await settle();
    clock.advance(1_000);
    await expect(read).resolves.toBeDefined();

    const writes = answering(
      () => status(503),
      () => Response.json(anObject()),
    );
    const write = createKubeClient({ fetch: writes.fetch, clock }).patch(ConfigMapKind, at, {});
    await expect(write).rejects.toMatchObject({ code: 'unavailable', status: 503 });
  });

  test('a server that says nothing is unreachable when the time is up', async () => {
    const clock = createSteppedClock();
    const { fetch } = answering(() => new Promise<Response>(() => undefined));
    const call = createKubeClient({ fetch, clock, deadlineMs: 5_000 }).get(PodKind, at);
    await settle();
    clock.advance(5_000);
    await expect(call).rejects.toMatchObject({
      code: 'unreachable',
      message: 'could not get pods default/a: no answer within 5000 ms',
    });
    expect(clock.untilNext()).toBeUndefined();
  });

  test("the caller's signal ends a call at once", async () => {
    const { fetch } = answering(() => new Promise<Response>(() => undefined));
    const stop = new AbortController();
    const call = createKubeClient({ fetch }).get(PodKind, at, { signal: stop.signal });
    await settle();
    stop.abort();
    await expect(call).rejects.toMatchObject({ code: 'aborted' });
  });

  test('a list whose pages were forgotten is read in one piece', async () => {
    const list = (items: object[], more?: string): Response =>
      Response.json({ metadata: { resourceVersion: '9', continue: more }, items });
    const { fetch, requests } = answering(
      () => list([anObject()], 'next'),
      () => status(410, { reason: 'Expired' }),
      () => list([anObject(), anObject()]),
    );
    const { items } = await createKubeClient({ fetch }).list(ConfigMapKind);
    expect(items).toHaveLength(2);
    expect(new URL(requests[2]?.url ?? '').searchParams.get('limit')).toBeNull();
  });
});

describe('over a socket', () => {
  async function served(
    handler: RequestListener,
  ): Promise<KubeClient & { renewals: () => number }> {
    const server = createServer(handler);
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    let renewals = 0;
    const client = createKubeClient({
      connection: {
        server: `http://127.0.0.1:${(server.address() as AddressInfo).port}/behind/a/proxy`,
        namespace: 'default',
        tls: {},
        headers: () => Promise.resolve({ authorization: `Bearer token-${renewals}` }),
        renew: () => {
          renewals += 1;
        },
      },
    });
    onTestFinished(async () => {
      await client.close();
      server.closeAllConnections();
      server.close();
    });
    return { ...client, renewals: () => renewals };
  }

  test('a refused token is read anew, once', async () => {
    const client = await served((request, response) => {
      const welcome = request.headers.authorization === 'Bearer token-1';
      response.writeHead(welcome ? 200 : 401);
      response.end(JSON.stringify(welcome ? anObject() : { kind: 'Status', code: 401 }));
    });
    expect(await client.get(ConfigMapKind, at)).toBeDefined();
    expect(client.renewals()).toBe(1);
  });

  test('paths, verbs and bodies are those of the API', async () => {
    const seen: string[] = [];
    const client = await served((request, response) => {
      void (async () => {
        let body = '';
        for await (const chunk of request) body += String(chunk);
        seen.push(
          `${request.method ?? ''} ${request.url ?? ''} ${request.headers['content-type'] ?? ''} ${body}`,
        );
        response.end(JSON.stringify(anObject()));
      })();
    });
    await client.patchStatus(ConfigMapKind, at, { status: { id: 9007199254740993n } });
    await client.create(ConfigMapKind, aConfigMap('a'), {
      dryRun: true,
      fieldValidation: 'Strict',
    });
    await client.patchJson(ConfigMapKind, at, [{ op: 'remove', path: '/data' }]);
    await client.patchScale(ConfigMapKind, at, { spec: { replicas: 2 } }, { dryRun: true });
    await client.delete(ConfigMapKind, at, {
      uid: 'u',
      resourceVersion: '7',
      dryRun: true,
      gracePeriodSeconds: 0,
      propagationPolicy: 'Background',
    });
    const there = '/behind/a/proxy/api/v1/namespaces/default/configmaps';
    expect(seen).toEqual([
      `PATCH ${there}/a/status application/merge-patch+json {"status":{"id":9007199254740993}}`,
      `POST ${there}?dryRun=All&fieldValidation=Strict application/json ${JSON.stringify(aConfigMap('a'))}`,
      `PATCH ${there}/a application/json-patch+json [{"op":"remove","path":"/data"}]`,
      `PATCH ${there}/a/scale?dryRun=All application/merge-patch+json {"spec":{"replicas":2}}`,
      `DELETE ${there}/a application/json {"kind":"DeleteOptions","apiVersion":"v1","gracePeriodSeconds":0,"propagationPolicy":"Background","dryRun":["All"],"preconditions":{"uid":"u","resourceVersion":"7"}}`,
    ]);
  });

  test('a watch whose connection breaks is unreachable, after the events that came', async () => {
    const line = (type: string): string => `${JSON.stringify({ type, object: anObject() })}\n`;
    const client = await served((_request, response) => {
      const text = line('ADDED') + line('MODIFIED');
      response.write(text.slice(0, 50));
      setImmediate(() => {
        response.write(text.slice(50) + '{"type":"ADD', () => response.destroy());
      });
    });
    const seen: WatchEvent<ConfigMap>['type'][] = [];
    const watched = async (): Promise<void> => {
      for await (const { type } of client.watch(ConfigMapKind, { resourceVersion: '1' }))
        seen.push(type);
    };
    await expect(watched()).rejects.toMatchObject({ code: 'unreachable' });
    expect(seen).toEqual(['ADDED', 'MODIFIED']);
  });

  test('an aborted watch frees its socket at once', async () => {
    let open = 0;
    const client = await served((request, response) => {
      open += 1;
      request.socket.once('close', () => {
        open -= 1;
      });
      response.write('\n');
    });
    const stop = new AbortController();
    const ending = drained(
      client.watch(ConfigMapKind, { resourceVersion: '1', signal: stop.signal }),
    );
    await until(() => open === 1);
    stop.abort();
    await expect(ending).rejects.toMatchObject({ code: 'aborted' });
    await until(() => open === 0);
  });

  test('a server that is not there is unreachable, with its address', async () => {
    const client = createKubeClient({
      connection: {
        server: 'http://127.0.0.1:1',
        namespace: 'default',
        tls: {},
        headers: () => Promise.resolve({}),
        renew: () => undefined,
      },
    });
    await expect(client.create(ConfigMapKind, aConfigMap('a'))).rejects.toMatchObject({
      code: 'unreachable',
      message: 'could not create configmaps default/a: connect ECONNREFUSED 127.0.0.1:1',
    });
    await client.close();
  });
});
