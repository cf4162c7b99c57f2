// Runners as the Actions service calls them: agents, in a pool whose id is always 0.
import type { JitRunnerConfig, RunnerReference } from '@muster/actions/wire';
import { z } from 'zod';
import { encodeJitConfig } from '../runner-protocol.ts';
import { registerAgent, removeIdleAgent } from '../world/runners.ts';
import type { Agent } from '../world/model.ts';
import { Refusal, badRequest, empty, exception, json, list } from './answer.ts';
import type { Answer } from './exchange.ts';
import { readBody } from './body.ts';
import { required } from './route.ts';
import type { Context, Route } from './route.ts';

const AGENTS = '/tenant/:tenant/_apis/distributedtask/pools/0/agents';

export const agentRoutes: readonly Route[] = [
  {
    call: 'generate-jit-config',
    method: 'POST',
    path: '/tenant/:tenant/_apis/runtime/runnerscalesets/:scaleSet/generatejitconfig',
    needs: 'admin',
    body: 'json',
    answer: generate,
  },
  {
    call: 'find-runner',
    method: 'GET',
    path: AGENTS,
    needs: 'admin',
    query: ['agentName'],
    answer: find,
  },
  { call: 'get-runner', method: 'GET', path: `${AGENTS}/:agent`, needs: 'admin', answer: get },
  {
    call: 'remove-runner',
    method: 'DELETE',
    path: `${AGENTS}/:agent`,
    needs: 'admin',
    answer: remove,
  },
];

const wish = z.object({
  name: z.string().min(1),
  // An empty folder leaves it to the runner, whose own default is _work.
  workFolder: z
    .string()
    .nullish()
    .transform((folder) => (folder?.length ? folder : '_work')),
});

function generate(context: Context): Answer {
  const { service, url } = context;
  const scaleSet = required(context, 'scaleSet');
  const { name, workFolder } = readBody(context, wish);
  const agent = registerAgent(service.world, scaleSet, { name, workFolder });
  if (agent === 'exists') {
    const message = `A runner exists with the same name ${name}.`;
    throw new Refusal(exception('TaskAgentExistsException', message));
  }
  const body: JitRunnerConfig = {
    runner: reference(agent),
    encodedJITConfig: encodeJitConfig({
      agentId: agent.id,
      agentName: name,
      serverUrl: url.origin,
      gitHubUrl: `${url.origin}/${scaleSet.scope.name}`,
      workFolder,
      token: agent.token,
    }),
  };
  return json(200, body);
}

function find(context: Context): Answer {
  const { agents } = required(context, 'scope');
  const name = context.url.searchParams.get('agentName');
  if (name === null) return list([...agents.values()].map(reference));
  const agent = agents.get(name.toLowerCase());
  return list(agent ? [reference(agent)] : []);
}

function get(context: Context): Answer {
  const agent = agentOf(context);
  if (agent) return json(200, reference(agent));
  const message = `The agent ${context.params['agent'] ?? ''} could not be found.`;
  throw new Refusal(exception('TaskAgentNotFoundException', message));
}

/** 204 also for a runner that does not exist, with the id 0 among them. */
function remove(context: Context): Answer {
  const agent = agentOf(context);
  if (!agent) return empty(204);
  if (removeIdleAgent(context.service.world, agent) === 'removed') return empty(204);
  const message = `Runner ${agent.name} is still running a job.`;
  throw new Refusal(exception('TaskAgentJobStillRunningException', message));
}

function agentOf(context: Context): Agent | undefined {
  const digits = context.params['agent'] ?? '';
  if (!/^\d+$/.test(digits)) throw badRequest('the runner id must be a whole number');
  const agent = context.service.world.agents.get(Number(digits));
  return agent?.scaleSet.scope === context.caller.scope ? agent : undefined;
}

const reference = ({ id, name, scaleSet }: Agent): RunnerReference => ({
  id,
  name,
  runnerScaleSetId: scaleSet.id,
});
