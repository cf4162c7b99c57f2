// Scale sets and runner groups.
import { z } from 'zod';
import { atMostOne, decode, runnerGroups, scaleSet, scaleSets } from './decode.ts';
import { ActionsError } from './errors.ts';
import { refusal, says } from './refusal.ts';
import type { Answer } from './http.ts';
import { expectStatus } from './service.ts';
import type { Service } from './service.ts';
import type { ActionsClient, ScaleSetWish } from './types.ts';
import type { Label, RunnerScaleSet } from './wire.ts';

const SETS = '_apis/runtime/runnerscalesets';

type ScaleSetCalls = Pick<
  ActionsClient,
  | 'createScaleSet'
  | 'deleteScaleSet'
  | 'findRunnerGroup'
  | 'findScaleSet'
  | 'getScaleSet'
  | 'updateScaleSet'
>;

export const scaleSetPath = (id: number): string => `${SETS}/${id}`;

/** A 404 alone proves nothing: a proxy, or a URL that has moved, answers so too. */
const isGone = (answer: Answer): boolean =>
  answer.status === 404 && says(answer, 'RunnerScaleSetNotFoundException');

export function scaleSetCalls(service: Service): ScaleSetCalls {
  return {
    findRunnerGroup: async (name, options = {}) => {
      const what = `find runner group "${name}"`;
      // With the slash before the question mark, as GitHub's own client has it.
      const path = '_apis/runtime/runnergroups/';
      const query = { groupName: name };
      const answer = await service.call({ what, method: 'GET', path, query }, options);
      return atMostOne(runnerGroups, expectStatus(200, answer));
    },

    findScaleSet: async ({ name, runnerGroupId }, options = {}) => {
      const what = `find scale set "${name}"`;
      const query = { name, runnerGroupId: String(runnerGroupId) };
      const answer = await service.call({ what, method: 'GET', path: SETS, query }, options);
      return atMostOne(scaleSets, expectStatus(200, answer));
    },

    getScaleSet: async (id, options = {}) => {
      const what = `get scale set ${id}`;
      const answer = await service.call({ what, method: 'GET', path: scaleSetPath(id) }, options);
      if (isGone(answer)) return undefined;
      return decode(scaleSetOrNull, expectStatus(200, answer)) ?? undefined;
    },

    createScaleSet: async (wish, options = {}) => {
      const what = `create scale set "${wish.name}"`;
      const body = scaleSetBody(wish);
      const answer = await service.call({ what, method: 'POST', path: SETS, body }, options);
      return decode(scaleSet, expectStatus(200, answer));
    },

    updateScaleSet: async (id, change, options = {}) => {
      const what = `update scale set ${id}`;
      const { labels, ...fields } = change;
      const body = { ...fields, ...(labels && { labels: labels.map(systemLabel) }) };
      const call = { what, method: 'PATCH', path: scaleSetPath(id), body } as const;
      return decode(scaleSet, expectStatus(200, await service.call(call, options)));
    },

    deleteScaleSet: async (id, options = {}) => {
      const what = `delete scale set ${id}`;
      const call = { what, method: 'DELETE', path: scaleSetPath(id) } as const;
      const answer = await service.call(call, options);
      if (answer.status === 204) return 'deleted';
      if (isGone(answer)) return 'absent';
      throw refusal(answer);
    },
  };
}

const scaleSetOrNull: z.ZodType<RunnerScaleSet | null> = z.union([z.null(), scaleSet]);

/** As ARC sends it: the name is the first label, and runners do not update themselves. */
function scaleSetBody({ name, runnerGroupId, labels = [] }: ScaleSetWish): unknown {
  if (name === '')
    throw new ActionsError('refused', 'could not create a scale set: it has no name');
  return {
    name,
    runnerGroupId,
    labels: [...new Set([name, ...labels])].map(systemLabel),
    RunnerSetting: { disableUpdate: true },
  };
}

const systemLabel = (name: string): Label => ({ type: 'System', name });
