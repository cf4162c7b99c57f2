// Runners, which the service calls agents.
import { atMostOne, decode, jitConfig, runner, runners } from './decode.ts';
import { refusal, says } from './refusal.ts';
import { scaleSetPath } from './scale-sets.ts';
import { expectStatus } from './service.ts';
import type { Service } from './service.ts';
import type { ActionsClient } from './types.ts';

const AGENTS = '_apis/distributedtask/pools/0/agents';

type RunnerCalls = Pick<
  ActionsClient,
  'createJitConfig' | 'findRunner' | 'getRunner' | 'removeRunner'
>;

export function runnerCalls(service: Service): RunnerCalls {
  return {
    createJitConfig: async ({ scaleSetId, name, workFolder }, options = {}) => {
      const what = `register runner ${name} with scale set ${scaleSetId}`;
      const path = `${scaleSetPath(scaleSetId)}/generatejitconfig`;
      const body = { name, workFolder };
      const call = { what, method: 'POST', path, body, scaleSetId } as const;
      const answer = await service.call(call, options);
      if (says(answer, 'AgentExistsException')) return 'exists';
      const made = decode(jitConfig, expectStatus(200, answer));
      return { runner: made.runner, encodedJitConfig: made.encodedJITConfig };
    },

    getRunner: async (id, options = {}) => {
      const what = `get runner ${id}`;
      const answer = await service.call({ what, method: 'GET', path: `${AGENTS}/${id}` }, options);
      if (says(answer, 'AgentNotFoundException')) return undefined;
      return decode(runner, expectStatus(200, answer));
    },

    findRunner: async (name, options = {}) => {
      const what = `find runner ${name}`;
      const query = { agentName: name };
      const answer = await service.call({ what, method: 'GET', path: AGENTS, query }, options);
      return atMostOne(runners, expectStatus(200, answer));
    },

    removeRunner: async (id, options = {}) => {
      const what = `remove runner ${id}`;
      const call = { what, method: 'DELETE', path: `${AGENTS}/${id}` } as const;
      const answer = await service.call(call, options);
      if (answer.status === 204) return 'removed';
      if (says(answer, 'AgentNotFoundException')) return 'absent';
      if (says(answer, 'JobStillRunningException')) return 'busy';
      throw refusal(answer);
    },
  };
}
