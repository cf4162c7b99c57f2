// From the user's credentials to a connection with the Actions service: its address, and an admin token that ends.
import { decodeJwt } from 'jose';
import { z } from 'zod';
import { appJwt } from './credentials.ts';
import type { ConfigUrl } from './config-url.ts';
import { decode, filledText, wire } from './decode.ts';
import { Flight } from './flight.ts';
import type { Answer, Http } from './http.ts';
import { badAnswer, refusal } from './refusal.ts';
import type { GitHubCredentials } from './types.ts';

export interface Connection {
  readonly url: string;
  readonly token: string;
  readonly endsAt: number;
}

/** For GitHub's REST API. */
export interface RestToken {
  readonly token: string;
  readonly endsAt: number;
}

export interface Auth {
  /** One that holds for a minute at least, unless the service gives none so long. */
  connection(signal: AbortSignal | undefined): Promise<Connection>;
  /** Another one than this, which the service has refused. */
  renewed(refused: Connection, signal: AbortSignal | undefined): Promise<Connection>;
  /** The personal token itself, or one of the App's installation. */
  rest(signal: AbortSignal | undefined): Promise<RestToken>;
  /** Another one than this, which GitHub has refused; the same where there is no other. */
  restRenewed(refused: RestToken, signal: AbortSignal | undefined): Promise<RestToken>;
}

export interface AuthParts {
  http: Http;
  config: ConfigUrl;
  credentials: GitHubCredentials;
  userAgent: string;
}

const EARLY_MS = 60_000;

export function createAuth(parts: AuthParts): Auth {
  const now = (): number => parts.http.now();
  const connection = lasting(now, (signal) => connect(parts, signal));
  const rest = lasting(now, (signal) => restToken(parts, signal));
  return {
    connection: connection.current,
    renewed: connection.renewed,
    rest: rest.current,
    restRenewed: rest.renewed,
  };
}

interface Lasting<T> {
  current: (signal: AbortSignal | undefined) => Promise<T>;
  renewed: (refused: T, signal: AbortSignal | undefined) => Promise<T>;
}

/** One refresh is under way at a time, whoever asks. A failed one leaves what there was as it was. */
function lasting<T extends { endsAt: number }>(
  now: () => number,
  make: (signal: AbortSignal) => Promise<T>,
): Lasting<T> {
  const flight = new Flight<T>();
  let current: T | undefined;
  const renew = (signal: AbortSignal | undefined): Promise<T> =>
    flight.join(async (ending) => {
      const fresh = await make(ending);
      current = fresh;
      return fresh;
    }, signal);
  const isFresh = ({ endsAt }: T): boolean => now() + EARLY_MS <= endsAt;
  return {
    current: async (signal) => (current && isFresh(current) ? current : renew(signal)),
    renewed: async (refused, signal) => (current && current !== refused ? current : renew(signal)),
  };
}

async function connect(parts: AuthParts, signal: AbortSignal): Promise<Connection> {
  // Never one that was kept: the chain is to hold from its first link.
  const { token: bearer } = await restToken(parts, signal);
  const token = await registrationToken(parts, bearer, signal);
  return exchange(parts, token, signal);
}

async function restToken(parts: AuthParts, signal: AbortSignal): Promise<RestToken> {
  const { credentials, http } = parts;
  if (credentials.kind === 'token') return { token: credentials.token, endsAt: Infinity };
  const ask = async (now: number): Promise<Answer> =>
    post(parts, {
      what: 'get an installation token of the GitHub App',
      path: `/app/installations/${credentials.installationId}/access_tokens`,
      authorization: `Bearer ${await appJwt(credentials, now)}`,
      contentType: 'application/vnd.github+json',
      signal,
    });
  const answer = await ask(http.now());
  const isByClock = answer.status === 401 && Math.abs(answer.aheadMs) > NOTABLE_SKEW_MS;
  const given = isByClock ? await ask(http.now() + answer.aheadMs) : answer;
  return { token: tokenIn(given), endsAt: installationEnd(given, http.now()) };
}

// GitHub's last an hour. One that does not say so is good for the call that it was fetched for.
const installationAnswer = wire({ expires_at: z.exactOptional(z.string()) });

function installationEnd(answer: Answer, now: number): number {
  const end = Date.parse(decode(installationAnswer, answer).expires_at ?? '');
  return Number.isNaN(end) ? now : end - answer.aheadMs;
}

// Of a JWT that was made by a clock so wrong, the claims may be all that is wrong. A second is what a Date leaves out.
const NOTABLE_SKEW_MS = 5_000;

async function registrationToken(
  parts: AuthParts,
  bearer: string,
  signal: AbortSignal,
): Promise<string> {
  const answer = await post(parts, {
    what: 'get a runner registration token',
    path: `${scopePath(parts.config)}/actions/runners/registration-token`,
    authorization: `Bearer ${bearer}`,
    contentType: 'application/vnd.github.v3+json',
    signal,
  });
  return tokenIn(answer);
}

async function exchange(parts: AuthParts, token: string, signal: AbortSignal): Promise<Connection> {
  const answer = await post(parts, {
    what: 'register with the Actions service',
    path: '/actions/runner-registration',
    authorization: `RemoteAuth ${token}`,
    contentType: 'application/json',
    body: JSON.stringify({ url: parts.config.url, runner_event: 'register' }),
    // A registration token is not known everywhere in the moment it is made.
    retryAlso: [401, 403],
    signal,
  });
  if (answer.status < 200 || answer.status > 299) throw refusal(answer);
  const admin = decode(adminConnection, answer);
  // By our clock, which may differ from the one that the token goes by.
  return { ...admin, endsAt: endOf(admin.token, answer) - answer.aheadMs };
}

const tokenAnswer = wire({ token: filledText });
const adminConnection = wire({
  url: z.url({ protocol: /^https?$/, error: 'is missing or no URL' }),
  token: filledText,
});

function tokenIn(answer: Answer): string {
  if (answer.status !== 201) throw refusal(answer);
  return decode(tokenAnswer, answer).token;
}

// Not verified: the service's keys are its own affair, and only the end is read.
function endOf(token: string, answer: Answer): number {
  let end: number | undefined;
  try {
    end = decodeJwt(token).exp;
  } catch {
    throw badAnswer(answer, 'its token is no JWT');
  }
  if (typeof end !== 'number') throw badAnswer(answer, 'its token does not say when it ends');
  return Math.trunc(end) * 1000;
}

function scopePath(config: ConfigUrl): string {
  const part = encodeURIComponent;
  switch (config.scope) {
    case 'organization':
      return `/orgs/${part(config.organization)}`;
    case 'repository':
      return `/repos/${part(config.organization)}/${part(config.repository)}`;
    case 'enterprise':
      return `/enterprises/${part(config.enterprise)}`;
  }
}

interface Post {
  what: string;
  path: string;
  authorization: string;
  contentType: string;
  body?: string;
  retryAlso?: readonly number[];
  signal: AbortSignal;
}

function post({ http, config, userAgent }: AuthParts, wanted: Post): Promise<Answer> {
  const { what, path, authorization, contentType, ...rest } = wanted;
  return http.send({
    ...rest,
    what: `${what} for ${config.shown}`,
    method: 'POST',
    url: config.apiUrl(path),
    headers: { 'content-type': contentType, authorization, 'user-agent': userAgent },
  });
}
