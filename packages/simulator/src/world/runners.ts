// Runners, which the service calls agents: registered by a JIT config, online once they connect, gone after one job.
import { randomBytes } from 'node:crypto';
import { pair, takeBack } from './assignment.ts';
import type { Agent, JobRecord, ScaleSet, World } from './model.ts';

export interface AgentWish {
  name: string;
  workFolder: string;
}

/** Names are unique in a scope. */
export function registerAgent(world: World, set: ScaleSet, wish: AgentWish): Agent | 'exists' {
  const key = wish.name.toLowerCase();
  if (set.scope.agents.has(key)) return 'exists';
  const now = world.now();
  const id = world.nextId('agent');
  const agent: Agent = {
    ...wish,
    id,
    token: `runner-${id}-${randomBytes(24).toString('hex')}`,
    scaleSet: set,
    createdAt: now,
    state: 'offline',
    heardAt: now,
    waiters: new Set(),
  };
  world.agents.set(agent.id, agent);
  set.scope.agents.set(key, agent);
  set.agents.add(agent);
  tell(world, agent, 'registered');
  return agent;
}

/** The runner that this token belongs to, as long as it is registered. */
export function agentOf(world: World, token: string): Agent | undefined {
  const agent = world.agents.get(Number(token.split('-')[1]));
  return agent?.token === token ? agent : undefined;
}

export function connectAgent(world: World, agent: Agent): void {
  agent.heardAt = world.now();
  if (agent.state !== 'offline') return;
  agent.state = 'idle';
  agent.scaleSet.idle.add(agent);
  tell(world, agent, 'online');
}

/** The runner goes, but stays registered. A job that it has not started waits for another runner. */
export function disconnectAgent(world: World, agent: Agent, because: string): void {
  if (agent.state === 'offline') return;
  const { job, scaleSet } = agent;
  agent.state = 'offline';
  scaleSet.idle.delete(agent);
  scaleSet.ready.delete(agent);
  tell(world, agent, 'offline', because);
  if (job?.state === 'assigned') takeBack(world, job);
}

/** A poll of this runner begins to wait. Ended by what it returns. */
export function awaitWork(world: World, agent: Agent, wake: () => void): () => void {
  const { scaleSet, waiters } = agent;
  waiters.add(wake);
  if (agent.state === 'idle') scaleSet.ready.add(agent);
  pair(world, scaleSet);
  return () => {
    waiters.delete(wake);
    agent.heardAt = world.now();
    if (waiters.size === 0) scaleSet.ready.delete(agent);
  };
}

/** What a polling runner is to be told now. A job is offered until the runner says that it started. */
export function tidings(agent: Agent): { job: JobRecord; is: 'offer' | 'cancel' } | undefined {
  const { job } = agent;
  if (!job) return undefined;
  if (job.cancelAskedAt !== undefined && job.state === 'running') {
    if (job.cancelTold) return undefined;
    job.cancelTold = true;
    return { job, is: 'cancel' };
  }
  return job.state === 'assigned' ? { job, is: 'offer' } : undefined;
}

/** `busy`: a job is assigned to it. */
export function removeIdleAgent(world: World, agent: Agent): 'removed' | 'busy' {
  if (agent.job) return 'busy';
  removeAgent(world, agent, 'it was asked for');
  return 'removed';
}

export function removeAgent(world: World, agent: Agent, because: string): void {
  const { scaleSet, job } = agent;
  world.agents.delete(agent.id);
  scaleSet.scope.agents.delete(agent.name.toLowerCase());
  scaleSet.agents.delete(agent);
  scaleSet.idle.delete(agent);
  scaleSet.ready.delete(agent);
  agent.state = 'offline';
  agent.job = undefined;
  if (job && job.state !== 'completed') takeBack(world, job);
  tell(world, agent, 'removed', because);
  for (const wake of [...agent.waiters]) wake();
}

type Change = 'registered' | 'online' | 'offline' | 'removed';

function tell(world: World, agent: Agent, ...[change, because]: [Change, string?]): void {
  const runner = { id: agent.id, name: agent.name, scaleSetName: agent.scaleSet.name };
  world.emit({ type: 'runner', change, runner, ...(because !== undefined && { because }) });
}
