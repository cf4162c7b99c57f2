// Scopes, runner groups and scale sets.
import type { RunnerGroup, RunnerScaleSet, Statistics } from '@muster/actions/wire';
import { enqueue } from './assignment.ts';
import { Fifo } from './fifo.ts';
import { rematch } from './matching.ts';
import { MessageQueue } from './message-queue.ts';
import type { ScaleSet, Scope, World } from './model.ts';
import { removeAgent } from './runners.ts';
import { endSession } from './sessions.ts';

/** The first message ids seen: of github.com now, and of the service that came before. */
const FIRST_MESSAGE_ID = { assign: 100_000_001, acquire: 1 };

/** The scope of a config URL's path; undefined when it is none. Scopes exist as soon as they are named. */
export function scopeOf(world: World, path: string): Scope | undefined {
  const parts = path.split('/').filter((part) => part !== '');
  const [first = '', second] = parts;
  if (parts.length === 0 || parts.length > 2) return undefined;
  const inEnterprise = second !== undefined && first.toLowerCase() === 'enterprises';
  const name = inEnterprise ? `enterprises/${second}` : parts.join('/');
  const key = name.toLowerCase();
  const known = world.scopes.get(key);
  if (known) return known;
  const kind = inEnterprise ? 'enterprise' : second === undefined ? 'organization' : 'repository';
  const scope: Scope = {
    id: world.nextId('scope'),
    key,
    name,
    kind,
    mode: world.mode,
    // The default group has the id 1 in every scope: it is never looked up.
    groups: [{ id: 1, name: 'Default', size: 0, isDefaultGroup: true }],
    scaleSets: new Set(),
    agents: new Map(),
  };
  world.scopes.set(key, scope);
  return scope;
}

export function addGroup(world: World, scope: Scope, name: string): RunnerGroup {
  const known = findGroup(scope, name);
  if (known) return known;
  const group = { id: world.nextId('group'), name, size: 0, isDefaultGroup: false };
  scope.groups.push(group);
  return group;
}

const findGroup = (scope: Scope, name: string): RunnerGroup | undefined =>
  scope.groups.find((group) => group.name.toLowerCase() === name.toLowerCase());

export interface ScaleSetFields {
  name: string;
  group: RunnerGroup;
  labels: { type: string; name: string }[];
  disableUpdate: boolean;
}

/** Names are unique in a runner group; labels need not be. */
export function createScaleSet(
  world: World,
  scope: Scope,
  fields: ScaleSetFields,
): ScaleSet | 'exists' {
  if (findScaleSet(scope, fields.group.id, fields.name)) return 'exists';
  const set: ScaleSet = {
    ...fields,
    id: world.nextId('scaleSet'),
    scope,
    createdAt: world.now(),
    messages: new MessageQueue(FIRST_MESSAGE_ID[scope.mode]),
    lanes: new Set(),
    available: new Set(),
    acquired: new Set(),
    assigned: new Fifo(),
    running: new Set(),
    agents: new Set(),
    idle: new Set(),
    ready: new Fifo(),
  };
  world.scaleSets.set(set.id, set);
  scope.scaleSets.add(set);
  rematch(world, set);
  tell(world, set, 'created');
  return set;
}

const findScaleSet = (scope: Scope, groupId: number, name: string): ScaleSet | undefined =>
  [...scope.scaleSets].find(
    (set) => set.group.id === groupId && set.name.toLowerCase() === name.toLowerCase(),
  );

export function updateScaleSet(
  world: World,
  set: ScaleSet,
  change: Partial<ScaleSetFields>,
): 'updated' | 'exists' {
  const { name = set.name, group = set.group } = change;
  const other = findScaleSet(set.scope, group.id, name);
  if (other && other !== set) return 'exists';
  // The label that is the set's own name follows a rename, so that `runs-on: <name>` goes on to work.
  const labels = set.labels.map((l) => (l.name === set.name ? { ...l, name } : l));
  Object.assign(set, { labels, ...change });
  rematch(world, set);
  tell(world, set, 'updated');
  return 'updated';
}

/** `busy`: one of its runners has a job. Jobs without a runner go back to the queue. */
export function deleteScaleSet(world: World, set: ScaleSet): 'deleted' | 'busy' {
  if (set.running.size > 0) return 'busy';
  if (set.session) endSession(world, set.session, 'closed');
  world.scaleSets.delete(set.id);
  set.scope.scaleSets.delete(set);
  for (const agent of [...set.agents]) removeAgent(world, agent, 'its scale set was deleted');
  const homeless = [...set.acquired, ...set.assigned, ...set.available];
  set.available.clear();
  rematch(world, set);
  for (const job of homeless) {
    set.acquired.delete(job);
    set.assigned.delete(job);
    const isOfferedElsewhere = [...job.lane.scaleSets].some((other) => other.available.has(job));
    if (!isOfferedElsewhere) enqueue(world, job);
  }
  tell(world, set, 'deleted');
  return 'deleted';
}

export function statistics(set: ScaleSet): Statistics {
  return {
    totalAvailableJobs: set.available.size,
    totalAcquiredJobs: set.acquired.size,
    totalAssignedJobs: set.assigned.size + set.running.size,
    totalRunningJobs: set.running.size,
    totalRegisteredRunners: set.agents.size,
    totalBusyRunners: set.running.size,
    totalIdleRunners: set.idle.size,
  };
}

export function describeScaleSet(set: ScaleSet): RunnerScaleSet {
  return {
    id: set.id,
    name: set.name,
    runnerGroupId: set.group.id,
    runnerGroupName: set.group.name,
    labels: set.labels,
    RunnerSetting: { disableUpdate: set.disableUpdate },
    createdOn: new Date(set.createdAt).toISOString(),
    statistics: statistics(set),
  };
}

function tell(world: World, set: ScaleSet, change: 'created' | 'updated' | 'deleted'): void {
  const scaleSet = { id: set.id, name: set.name, scope: set.scope.name };
  world.emit({ type: 'scale-set', change, scaleSet });
}
