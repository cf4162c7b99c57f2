// The answers are recorded ones; the numbers are those of the conformance list, reference/protocol.md 10.4.
import { describe, expect, test } from 'vitest';
import type { ActionsError } from './errors.ts';
import { recorded } from './testing/recorded.ts';
import { aClient, aFarSide, json, text, thrownBy } from './testing/far-side.ts';

const refusedWith = (reply: () => Response): Promise<unknown> =>
  thrownBy(() => aClient(aFarSide(reply), { retry: { max: 0 } }).client.updateScaleSet(7, {}));

describe('a refusal', () => {
  test.each([
    { name: 'error-agent-exists', code: 'refused', exception: 'TaskAgentExistsException' },
    { name: 'error-agent-not-found', code: 'not-found', exception: 'TaskAgentNotFoundException' },
    {
      name: 'error-job-still-running',
      code: 'refused',
      exception: 'TaskAgentJobStillRunningException',
    },
    {
      name: 'error-session-conflict',
      code: 'session-conflict',
      exception: 'RunnerScaleSetSessionConflictException',
    },
    {
      name: 'error-session-expired',
      code: 'session-expired',
      exception: 'RunnerScaleSetSessionExpiredException',
    },
    { name: 'error-session-unknown', code: 'not-found', exception: 'RunnerAdminException' },
    {
      name: 'error-scale-set-not-found',
      code: 'scale-set-not-found',
      exception: 'RunnerScaleSetNotFoundException',
    },
    {
      name: 'error-scale-set-exists',
      code: 'scale-set-exists',
      exception: 'RunnerScaleSetExistsException',
    },
    { name: 'error-bad-credentials', code: 'unauthorized', exception: undefined },
  ])('E3, E6, E8: recorded as $name is $code', async ({ name, code, exception }) => {
    const { status = 0, headers = {}, body } = recorded(name);
    const error = (await refusedWith(() => json(status, body, headers))) as ActionsError;
    expect(error).toMatchObject({
      code,
      status,
      activityId: headers['activityid'],
      requestId: headers['x-github-request-id'],
    });
    expect(error.exception).toBe(exception);
    expect(error.message).toContain((body as { message: string }).message);
  });

  test.each([
    { name: 'E2: an empty body', reply: () => text(404, null), says: '404 Not Found' },
    { name: 'E7: broken JSON', reply: () => text(400, '{"a":'), says: '400 Bad Request: {"a":' },
    {
      name: 'a page for a browser',
      reply: () => text(502, '<html><head><title>Bad\n gateway</title>…'),
      says: '502 Bad Gateway: Bad gateway',
    },
    {
      name: 'a page without a title',
      reply: () => text(403, '<html>…'),
      says: '403 Forbidden: a page for a browser',
    },
    { name: 'JSON without a message', reply: () => json(400, [1]), says: '400 Bad Request' },
  ])('with $name is told in one line', async ({ reply, says }) => {
    expect(await refusedWith(reply)).toMatchObject({
      message: `could not update scale set 7: ${says} (PATCH http://127.0.0.1:5000/tenant/123/_apis/runtime/runnerscalesets/7)`,
    });
  });

  test('E5: with a 401 is one of the token, whatever its body says', async () => {
    const { body } = recorded('error-agent-not-found');
    expect(await refusedWith(() => json(401, body))).toMatchObject({
      code: 'unauthorized',
      exception: 'TaskAgentNotFoundException',
    });
  });

  test('is cut when it is long', async () => {
    const error = (await refusedWith(() => text(400, 'word '.repeat(1000)))) as Error;
    expect(error.message.length).toBeLessThan(600);
  });
});
