// A call to GitHub's REST API with the credentials themselves, not with the Actions service's tokens.
import type { Auth, RestToken } from './auth.ts';
import type { ConfigUrl } from './config-url.ts';
import type { Answer, Http } from './http.ts';
import type { CallOptions } from './types.ts';

interface RestCall {
  /** For messages: "could not …". */
  what: string;
  method: 'GET' | 'POST';
  path: string;
  query?: Record<string, string>;
}

export interface Rest {
  /** The last answer, whatever its status. */
  call(call: RestCall, options: CallOptions): Promise<Answer>;
}

export interface RestParts {
  http: Http;
  auth: Auth;
  config: ConfigUrl;
  userAgent: string;
}

// Without it GitHub gives the newest version's answers, whatever that is by then.
const VERSION = { 'x-github-api-version': '2022-11-28' };

export function createRest({ http, auth, config, userAgent }: RestParts): Rest {
  const send = (
    { what, method, path, query = {} }: RestCall,
    { token }: RestToken,
    signal: AbortSignal | undefined,
  ): Promise<Answer> => {
    const search = new URLSearchParams(query).toString();
    return http.send({
      what,
      method,
      url: config.apiUrl(search === '' ? path : `${path}?${search}`),
      headers: {
        accept: 'application/vnd.github+json',
        ...VERSION,
        ...(method === 'POST' && { 'content-type': 'application/json' }),
        authorization: `Bearer ${token}`,
        'user-agent': userAgent,
      },
      signal,
    });
  };
  return {
    call: async (call, { signal }) => {
      const token = await auth.rest(signal);
      const answer = await send(call, token, signal);
      if (answer.status !== 401) return answer;
      const fresh = await auth.restRenewed(token, signal);
      return fresh.token === token.token ? answer : send(call, fresh, signal);
    },
  };
}
