// A picture of the service for people, tests and the control API. Holds no token.
import type { Statistics } from '@muster/actions/wire';
import { summarize } from './world/events.ts';
import type { JobSummary } from './world/events.ts';
import type { Agent, ScaleSet, World } from './world/model.ts';
import { statistics } from './world/scale-sets.ts';

export interface SimulatorState {
  scaleSets: ScaleSetState[];
  runners: RunnerState[];
  jobs: JobSummary[];
}

export interface ScaleSetState {
  id: number;
  name: string;
  scope: string;
  mode: 'assign' | 'acquire';
  group: string;
  labels: string[];
  statistics: Statistics;
  /** Job messages that no listener has deleted. */
  undeletedMessages: number;
  /** As the listener last advertised. */
  capacity?: number;
  session?: { id: string; owner: string; isPolling: boolean };
}

export interface RunnerState {
  id: number;
  name: string;
  scaleSetId: number;
  state: 'offline' | 'idle' | 'busy';
  jobId?: string;
}

export const describeWorld = (world: World): SimulatorState => ({
  scaleSets: [...world.scaleSets.values()].map(describeScaleSet),
  runners: [...world.agents.values()].map(describeAgent),
  jobs: [...world.jobs.values()].map(summarize),
});

function describeScaleSet(set: ScaleSet): ScaleSetState {
  const { id, name, scope, group, labels, messages, capacity, session } = set;
  return {
    id,
    name,
    scope: scope.name,
    mode: scope.mode,
    group: group.name,
    labels: labels.map((label) => label.name),
    statistics: statistics(set),
    undeletedMessages: messages.size,
    ...(capacity !== undefined && { capacity }),
    ...(session && {
      session: { id: session.id, owner: session.owner, isPolling: session.waiters.size > 0 },
    }),
  };
}

const describeAgent = ({ id, name, scaleSet, state, job }: Agent): RunnerState => ({
  id,
  name,
  scaleSetId: scaleSet.id,
  state,
  ...(job && { jobId: job.id }),
});
