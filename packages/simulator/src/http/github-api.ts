// What is asked of api.github.com (or a GHES under /api/v3): installation, registration and admin tokens.
import { z } from 'zod';
import { scopeOf } from '../world/scale-sets.ts';
import { Refusal, gitHubError, json } from './answer.ts';
import type { Answer } from './exchange.ts';
import { readBody } from './body.ts';
import type { Context, Route } from './route.ts';

const registrationToken = (path: string): Route => ({
  call: 'registration-token',
  method: 'POST',
  path: `${path}/actions/runners/registration-token`,
  needs: 'github',
  answer: issueRegistration,
});

export const gitHubRoutes: readonly Route[] = [
  {
    call: 'installation-token',
    method: 'POST',
    path: '/app/installations/:installation/access_tokens',
    needs: 'app',
    answer: issueInstallation,
  },
  registrationToken('/orgs/:org'),
  registrationToken('/repos/:org/:repo'),
  registrationToken('/enterprises/:enterprise'),
  {
    call: 'runner-registration',
    method: 'POST',
    path: '/actions/runner-registration',
    needs: 'registration',
    body: 'json',
    answer: register,
  },
];

const time = (ms: number): string => new Date(ms).toISOString();

async function issueInstallation({ service, params, caller }: Context): Promise<Answer> {
  const id = Number(params['installation']);
  if (!Number.isSafeInteger(id)) throw new Refusal(gitHubError(404, 'Not Found'));
  const issued = await service.credentials.install(id, caller.token);
  if ('status' in issued) {
    throw new Refusal(gitHubError(issued.status, issued.message), issued.message);
  }
  return json(201, {
    token: issued.token,
    expires_at: time(issued.expiresAt),
    permissions: { organization_self_hosted_runners: 'write', metadata: 'read' },
    repository_selection: 'all',
  });
}

function issueRegistration({ service, caller }: Context): Answer {
  const { scope } = caller;
  if (!scope) throw new Refusal(gitHubError(404, 'Not Found'));
  const { token, expiresAt } = service.credentials.issueRegistration(scope);
  return json(201, { token, expires_at: time(expiresAt) });
}

const registration = z.object({
  url: z.string().optional(),
  runner_event: z.string().optional(),
});

async function register(context: Context): Promise<Answer> {
  const { service, caller, url } = context;
  const { scope } = caller;
  if (!scope) throw new Refusal(gitHubError(404, 'Not Found'));
  // ARC's old client sends an empty body when it tries again, so an absent field is let pass.
  const body = readBody(context, registration);
  for (const field of ['url', 'runner_event'] as const) {
    if (body[field] === undefined) service.violate(context.request, `${field} must be sent`, false);
  }
  if (body.runner_event !== undefined && body.runner_event !== 'register') {
    throw new Refusal(gitHubError(422, 'Invalid request'), 'runner_event must be register');
  }
  const named = body.url === undefined ? scope : scopeOf(service.world, pathOf(body.url));
  if (named !== scope) {
    throw new Refusal(gitHubError(404, 'Not Found'), 'a registration token of another scope');
  }
  const token = await service.credentials.issueAdmin(scope);
  // With a final slash, as GitHub's: clients must join paths to it with care.
  return json(200, { url: `${url.origin}/tenant/${scope.id}/`, token });
}

function pathOf(configUrl: string): string {
  try {
    return decodeURIComponent(new URL(configUrl).pathname);
  } catch {
    return '';
  }
}
