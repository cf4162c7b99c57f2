import { checkCredentials } from './credentials.ts';
import { createAuth } from './auth.ts';
import { parseConfigUrl } from './config-url.ts';
import { isActionsError } from './errors.ts';
import { createHttp } from './http.ts';
import type { ActionsClientOptions } from './options.ts';
import { createRest } from './rest.ts';
import { runnerCalls } from './runners.ts';
import { scaleSetCalls } from './scale-sets.ts';
import { createService } from './service.ts';
import type { Service } from './service.ts';
import { Session } from './session.ts';
import { createSession, deleteSession, refreshSession } from './session-calls.ts';
import { createTransport } from './transport.ts';
import type { ActionsClient, GitHubCredentials } from './types.ts';
import { userAgent } from './user-agent.ts';
import { workflowRunCalls } from './workflow-runs.ts';

/**
 * Makes no call yet: the first one fetches the tokens it needs. Calls may be made in parallel.
 *
 * Throws `invalid-config-url`, `invalid-credentials` and `invalid-connection`.
 */
export function createActionsClient(options: ActionsClientOptions): ActionsClient {
  const { configUrl, credentials, forceGhes = false, userAgent: system } = options;
  const config = parseConfigUrl(configUrl, { forceGhes });
  checkCredentials(credentials);
  const http = createHttp(options, createTransport(options), secretsOf(credentials));
  const agent = userAgent(system);
  const auth = createAuth({ http, config, credentials, userAgent: agent });
  const service = createService(http, auth, system);
  return {
    ...scaleSetCalls(service),
    ...runnerCalls(service),
    ...sessionCalls(service),
    ...workflowRunCalls(createRest({ http, auth, config, userAgent: agent })),
    close: () => http.close(),
  };
}

const secretsOf = (credentials: GitHubCredentials): string[] =>
  credentials.kind === 'token' ? [credentials.token] : [credentials.privateKey.trim()];

type SessionCalls = Pick<ActionsClient, 'createSession' | 'deleteSession' | 'resumeSession'>;

function sessionCalls(service: Service): SessionCalls {
  return {
    createSession: async (scaleSetId, owner, options = {}) => {
      const state = await createSession(service, { scaleSetId, owner }, options);
      return new Session(service, scaleSetId, state);
    },

    resumeSession: async (scaleSetId, id, options = {}) => {
      try {
        const state = await refreshSession(service, { scaleSetId, id }, options);
        return new Session(service, scaleSetId, state);
      } catch (error) {
        if (isActionsError(error, 'session-expired')) return undefined;
        throw error;
      }
    },

    deleteSession: (scaleSetId, id, options = {}) =>
      deleteSession(service, { scaleSetId, id }, options),
  };
}
