// Runner groups and scale sets, as the Actions service answers for them.
import type { RunnerGroup, RunnerScaleSet } from '@muster/actions/wire';
import { z } from 'zod';
import {
  createScaleSet,
  deleteScaleSet,
  describeScaleSet,
  updateScaleSet,
} from '../world/scale-sets.ts';
import type { ScaleSetFields } from '../world/scale-sets.ts';
import type { ScaleSet, Scope } from '../world/model.ts';
import { Refusal, badRequest, empty, exception, json, list } from './answer.ts';
import type { Answer } from './exchange.ts';
import { readBody } from './body.ts';
import { required } from './route.ts';
import type { Context, Route } from './route.ts';

const SETS = '/tenant/:tenant/_apis/runtime/runnerscalesets';

export const scaleSetRoutes: readonly Route[] = [
  {
    call: 'find-runner-group',
    method: 'GET',
    path: '/tenant/:tenant/_apis/runtime/runnergroups',
    needs: 'admin',
    query: ['groupName'],
    answer: findGroups,
  },
  {
    call: 'find-scale-set',
    method: 'GET',
    path: SETS,
    needs: 'admin',
    query: ['runnerGroupId', 'name'],
    answer: findSets,
  },
  {
    call: 'create-scale-set',
    method: 'POST',
    path: SETS,
    needs: 'admin',
    body: 'json',
    answer: create,
  },
  {
    call: 'get-scale-set',
    method: 'GET',
    path: `${SETS}/:scaleSet`,
    needs: 'admin',
    answer: (context) => json(200, describe(context, required(context, 'scaleSet'))),
  },
  {
    call: 'update-scale-set',
    method: 'PATCH',
    path: `${SETS}/:scaleSet`,
    needs: 'admin',
    body: 'json',
    answer: update,
  },
  {
    call: 'delete-scale-set',
    method: 'DELETE',
    path: `${SETS}/:scaleSet`,
    needs: 'admin',
    answer: remove,
  },
];

const scaleSet = z.object({
  id: z.int().nullish(),
  name: z.string().nullish(),
  runnerGroupId: z.int().nullish(),
  runnerGroupName: z.string().nullish(),
  labels: z.array(z.object({ type: z.string().nullish(), name: z.string().min(1) })).nullish(),
  RunnerSetting: z
    .object({
      disableUpdate: z.boolean().nullish(),
      // ARC's old client sends these two.
      ephemeral: z.boolean().nullish(),
      isElastic: z.boolean().nullish(),
    })
    .nullish(),
  // Go cannot leave it out: its zero time is sent, and ignored.
  createdOn: z.string().nullish(),
  runnerJitConfigUrl: z.string().nullish(),
  statistics: z.unknown().optional(),
});

type Body = z.infer<typeof scaleSet>;

function findGroups(context: Context): Answer {
  const { groups } = required(context, 'scope');
  const name = context.url.searchParams.get('groupName');
  if (name === null) return list(groups);
  return list(groups.filter((group) => group.name.toLowerCase() === name.toLowerCase()));
}

function findSets(context: Context): Answer {
  const { searchParams } = context.url;
  const name = searchParams.get('name')?.toLowerCase();
  const group = searchParams.get('runnerGroupId');
  if (group !== null && !/^\d+$/.test(group))
    throw badRequest('runnerGroupId must be a whole number');
  const found = [...required(context, 'scope').scaleSets].filter(
    (set) =>
      (name === undefined || set.name.toLowerCase() === name) &&
      (group === null || `${set.group.id}` === group),
  );
  return list(found.map((set) => describe(context, set)));
}

function create(context: Context): Answer {
  const { service } = context;
  const scope = required(context, 'scope');
  const body = readBody(context, scaleSet);
  const name = body.name ?? body.labels?.[0]?.name;
  if (!name) throw badRequest('a scale set needs a name or a label');
  const made = createScaleSet(service.world, scope, {
    name,
    group: groupOf(scope, body.runnerGroupId ?? 1),
    labels: labelsOf(body) ?? [{ type: 'System', name }],
    disableUpdate: body.RunnerSetting?.disableUpdate ?? false,
  });
  if (made === 'exists') throw exists(name);
  return json(200, describe(context, made));
}

function update(context: Context): Answer {
  const set = required(context, 'scaleSet');
  const body = readBody(context, scaleSet);
  // What is absent stays; an empty RunnerSetting says nothing.
  const change: Partial<ScaleSetFields> = {};
  if (body.name) change.name = body.name;
  if (body.runnerGroupId) change.group = groupOf(set.scope, body.runnerGroupId);
  const labels = labelsOf(body);
  if (labels) change.labels = labels;
  const disableUpdate = body.RunnerSetting?.disableUpdate;
  if (typeof disableUpdate === 'boolean') change.disableUpdate = disableUpdate;
  if (updateScaleSet(context.service.world, set, change) === 'exists') {
    throw exists(body.name ?? set.name);
  }
  return json(200, describe(context, set));
}

function remove(context: Context): Answer {
  const set = required(context, 'scaleSet');
  if (deleteScaleSet(context.service.world, set) === 'deleted') return empty(204);
  const message = `Runner scale set ${set.name} has runners that are running jobs.`;
  throw new Refusal(exception('TaskAgentJobStillRunningException', message));
}

export function describe({ url }: Context, set: ScaleSet): RunnerScaleSet {
  const path = `tenant/${set.scope.id}/_apis/runtime/runnerscalesets/${set.id}`;
  return {
    ...describeScaleSet(set),
    runnerJitConfigUrl: `${url.origin}/${path}/generatejitconfig`,
  };
}

function groupOf(scope: Scope, id: number): RunnerGroup {
  const group = scope.groups.find((one) => one.id === id);
  if (group) return group;
  const message = `No runner group found with identifier ${id}.`;
  throw new Refusal(exception('RunnerGroupNotFoundException', message));
}

function labelsOf({ labels }: Body): { type: string; name: string }[] | undefined {
  if (!labels || labels.length === 0) return undefined;
  return labels.map(({ type, name }) => ({ type: type ?? 'System', name }));
}

const exists = (name: string): Refusal =>
  new Refusal(
    exception('RunnerScaleSetExistsException', `Runner scale set ${name} already exists.`),
  );
