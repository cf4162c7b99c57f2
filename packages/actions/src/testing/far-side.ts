// A far side that answers as a test says, behind the token chain of reference/protocol.md 10.1 (S1 to S4). It keeps
// what it was asked. Strict rules of the service are the simulator's business, not this one's.
import { UnsecuredJWT } from 'jose';
import { createActionsClient } from '../client.ts';
import type { ActionsClientOptions } from '../options.ts';
import type { ActionsClient } from '../types.ts';

export const ORIGIN = 'http://127.0.0.1:5000';
export const NOW = Date.parse('2026-11-21T12:00:00Z');

export interface Asked {
  method: string;
  url: URL;
  headers: Headers;
  body: string;
}

export type Reply = (asked: Asked) => Response | Promise<Response>;

export interface FarSide {
  fetch: (request: Request) => Promise<Response>;
  /** All but the token chain. */
  readonly asked: Asked[];
  /** The token chain. */
  readonly chain: Asked[];
}

/** `replies` are given in turn, the last of them for ever. */
export function aFarSide(replies: Reply | Reply[], chainReply: Reply = tokens()): FarSide {
  const queue = Array.isArray(replies) ? [...replies] : [replies];
  const asked: Asked[] = [];
  const chain: Asked[] = [];
  return {
    asked,
    chain,
    fetch: async (request) => {
      const { method, headers } = request;
      const one = { method, headers, url: new URL(request.url), body: await request.text() };
      const isChain = one.url.pathname.startsWith('/api/v3/');
      (isChain ? chain : asked).push(one);
      if (isChain) return chainReply(one);
      const reply = queue.length > 1 ? queue.shift() : queue[0];
      if (reply === undefined) throw new Error('nothing to reply');
      return reply(one);
    },
  };
}

export const adminJwt = (endsInSeconds: number): string =>
  new UnsecuredJWT({ iss: '123', exp: NOW / 1000 + endsInSeconds }).encode();

/** What the chain answers: installation token, registration token, connection. */
export const tokens =
  (adminToken: () => string = () => adminJwt(3600)): Reply =>
  ({ url }) =>
    url.pathname.endsWith('/actions/runner-registration')
      ? json(200, { url: `${ORIGIN}/tenant/123/`, token: adminToken() })
      : json(201, { token: 'registration-token' });

export const json = (
  status: number,
  body: unknown,
  headers: Record<string, string> = {},
): Response => Response.json(body, { status, headers });

export const text = (
  status: number,
  body: string | null,
  headers: Record<string, string> = {},
): Response =>
  new Response(body, { status, headers: { 'content-type': 'text/plain', ...headers } });

export const always =
  (make: () => Response): Reply =>
  () =>
    make();

export interface Rig {
  client: ActionsClient;
  farSide: FarSide;
  /** The waits between attempts, in milliseconds. */
  waits: number[];
}

/** A client whose clock stands still at NOW, and whose waits take no time. */
export function aClient(farSide: FarSide, options: Partial<ActionsClientOptions> = {}): Rig {
  const waits: number[] = [];
  const client = createActionsClient({
    configUrl: `${ORIGIN}/my-org`,
    credentials: { kind: 'token', token: 'ghp_personal' },
    userAgent: { system: 'muster', version: '0.1.0', commitSha: 'abc', subsystem: 'test' },
    fetch: farSide.fetch,
    now: () => NOW,
    random: () => 1,
    sleep: (ms) => {
      waits.push(ms);
      return Promise.resolve();
    },
    ...options,
  });
  return { client, farSide, waits };
}

/** What a call throws; undefined when it does not. */
export const thrownBy = (call: () => Promise<unknown>): Promise<unknown> =>
  call().then(
    () => undefined,
    (error: unknown) => error,
  );
