// A call to the Actions service: its URL, its headers, and a fresh admin token when the old one is refused.
import type { Auth, Connection } from './auth.ts';
import type { Answer, Http } from './http.ts';
import type { SystemInfo } from './options.ts';
import { refusal } from './refusal.ts';
import type { CallOptions } from './types.ts';
import { userAgent } from './user-agent.ts';

interface ServiceCall {
  /** For messages: "could not …". */
  what: string;
  method: 'DELETE' | 'GET' | 'PATCH' | 'POST';
  path: string;
  query?: Record<string, string>;
  body?: unknown;
  /** Named in the User-Agent. */
  scaleSetId?: number;
  /** Instead of the admin token; its refusal is then the caller's business. */
  token?: string;
}

export interface Service {
  readonly http: Http;
  /** The last answer, whatever its status. */
  call(call: ServiceCall, options: CallOptions): Promise<Answer>;
  userAgent(scaleSetId?: number): string;
}

export function createService(http: Http, auth: Auth, system: SystemInfo): Service {
  const agent = (scaleSetId?: number): string => userAgent(system, scaleSetId);
  const send = (
    { what, method, body, ...call }: ServiceCall,
    { url, token }: Connection,
    { signal }: CallOptions,
  ): Promise<Answer> =>
    http.send({
      what,
      method,
      url: serviceUrl(url, call.path, call.query),
      headers: {
        'content-type': 'application/json',
        authorization: `Bearer ${call.token ?? token}`,
        'user-agent': agent(call.scaleSetId),
      },
      ...(body !== undefined && { body: JSON.stringify(body) }),
      signal,
    });
  return {
    http,
    userAgent: agent,
    call: async (call, options) => {
      const connection = await auth.connection(options.signal);
      const answer = await send(call, connection, options);
      if (answer.status !== 401 || call.token !== undefined) return answer;
      return send(call, await auth.renewed(connection, options.signal), options);
    },
  };
}

/** The answer, if it has the one status that means success. */
export function expectStatus(status: number, answer: Answer): Answer {
  if (answer.status !== status) throw refusal(answer);
  return answer;
}

/** Slashes collapse, a base's own parameters stay, keys are in alphabetical order. */
function serviceUrl(base: string, path: string, query: Record<string, string> = {}): string {
  const url = new URL(base);
  url.pathname = `${url.pathname}/${path}`.replace(/\/{2,}/g, '/');
  for (const [key, value] of Object.entries(query)) url.searchParams.set(key, value);
  if (!url.searchParams.get('api-version')) url.searchParams.set('api-version', '6.0-preview');
  url.searchParams.sort();
  return url.href;
}
