// Which scale sets may run which jobs, and why a job waits.
import type { JobWish } from '../job.ts';
import { Fifo } from './fifo.ts';
import type { JobRecord, Lane, ScaleSet, World } from './model.ts';

export function laneOf(world: World, wish: JobWish): Lane {
  const labels = [...new Set(wish.labels.map((label) => label.toLowerCase()))].sort();
  const group = wish.runnerGroup?.toLowerCase();
  const place = [wish.owner, wish.repository, wish.enterprise ?? ''].map((s) => s.toLowerCase());
  const key = JSON.stringify([place, group ?? null, labels]);
  const known = world.lanes.get(key);
  if (known) return known;
  const [owner = '', repository = ''] = place;
  const enterprise = wish.enterprise?.toLowerCase();
  const lane: Lane = {
    owner,
    repository,
    enterprise,
    group,
    labels,
    scaleSets: new Set(),
    waiting: new Fifo(),
  };
  world.lanes.set(key, lane);
  for (const scaleSet of world.scaleSets.values())
    if (matches(lane, scaleSet)) join(lane, scaleSet);
  return lane;
}

/** Finds the lanes of a set that is new or that has other labels, another name or another group. */
export function rematch(world: World, scaleSet: ScaleSet): void {
  for (const lane of world.lanes.values()) {
    const wanted = world.scaleSets.has(scaleSet.id) && matches(lane, scaleSet);
    if (wanted === lane.scaleSets.has(scaleSet)) continue;
    if (wanted) join(lane, scaleSet);
    else part(lane, scaleSet);
    tellWhy(world, lane);
  }
}

/** Tells those who watch the jobs of a lane when the reason why they wait has changed. */
export function tellWhy(world: World, lane: Lane): void {
  for (const job of lane.waiting) {
    const reason = whyWaiting(job);
    if (reason === job.waiting) continue;
    job.waiting = reason;
    world.changed(job);
  }
}

function matches(lane: Lane, scaleSet: ScaleSet): boolean {
  const { scope, group, labels } = scaleSet;
  const places = [lane.owner, `${lane.owner}/${lane.repository}`];
  if (lane.enterprise !== undefined) places.push(`enterprises/${lane.enterprise}`);
  if (!places.includes(scope.key)) return false;
  if (lane.group !== undefined && lane.group !== group.name.toLowerCase()) return false;
  return lane.labels.every((wanted) => labels.some(({ name }) => name.toLowerCase() === wanted));
}

/** Undefined when it runs, is about to, or is over. */
export function whyWaiting(job: JobRecord): string | undefined {
  if (job.state === 'completed' || job.agent) return undefined;
  if (job.scaleSet) return `waits for a runner of ${job.scaleSet.name}`;
  const [only, ...others] = job.lane.scaleSets;
  if (!only) return `no scale set has ${labelsOf(job)}`;
  if (others.length === 0) return whyNot(only, job);
  const isHeard = [only, ...others].some((scaleSet) => scaleSet.session);
  return isHeard ? 'all its scale sets are full' : 'none of its scale sets has a listener';
}

function whyNot({ name, session, capacity }: ScaleSet, job: JobRecord): string {
  if (!session) return `scale set ${name} has no listener`;
  if (job.state === 'available') return `waits for ${name} to acquire it`;
  if (capacity === undefined) return `scale set ${name} has not asked for jobs yet`;
  const most = capacity === 1 ? '1 job' : `${capacity} jobs`;
  return `scale set ${name} is full: it takes ${most} at most`;
}

function labelsOf({ wish, lane }: JobRecord): string {
  const names = [...wish.labels];
  const last = names.pop();
  const text =
    names.length === 0
      ? `the label ${last ?? '(none)'}`
      : `all of the labels ${names.join(', ')} and ${last ?? ''}`;
  return lane.group === undefined ? text : `${text} in the runner group ${wish.runnerGroup ?? ''}`;
}

function join(lane: Lane, scaleSet: ScaleSet): void {
  lane.scaleSets.add(scaleSet);
  scaleSet.lanes.add(lane);
}

function part(lane: Lane, scaleSet: ScaleSet): void {
  lane.scaleSets.delete(scaleSet);
  scaleSet.lanes.delete(lane);
}
