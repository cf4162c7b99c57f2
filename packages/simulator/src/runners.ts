// Runners without a process: a test takes the part of the runner program, step by step.
import { decodeJitConfig } from './runner-protocol.ts';
import type { JobReport } from './runner-protocol.ts';
import type { Job } from './job.ts';
import { reportJob, startJob } from './world/jobs.ts';
import type { Agent, World } from './world/model.ts';
import { agentOf, awaitWork, connectAgent, disconnectAgent } from './world/runners.ts';

export interface SimulatedRunners {
  /** Comes online with a JIT config and waits for a job. Throws when the service does not know it. */
  connect(encodedJitConfig: string): SimulatedRunner;
}

export interface SimulatedRunner {
  readonly name: string;
  /** The job it was given, if it was. */
  readonly job: Job | undefined;
  /** Reports the job as started; throws when it has none. */
  start(): Job;
  /** Reports the job as over, and is deregistered. */
  complete(report?: JobReport): void;
  /** Goes offline; a job that had not started goes to another runner. */
  leave(): void;
  /** Dies with whatever job it has. The service hears no more of it, and knows so after `runnerLostMs`. */
  fallSilent(): void;
}

export function createRunners(world: World): SimulatedRunners {
  return {
    connect(encoded) {
      const identity = decodeJitConfig(encoded);
      const agent = identity && agentOf(world, identity.token);
      if (!agent) throw new Error('no runner is registered with this JIT config');
      connectAgent(world, agent);
      return createRunner(
        world,
        agent,
        awaitWork(world, agent, () => undefined),
      );
    },
  };
}

function createRunner(world: World, agent: Agent, stopWaiting: () => void): SimulatedRunner {
  return {
    name: agent.name,
    get job() {
      return agent.job;
    },
    start() {
      const { job } = agent;
      if (!job) throw new Error(`runner ${agent.name} has no job`);
      startJob(world, agent, job.id);
      return job;
    },
    complete(report = { result: 'succeeded' }) {
      stopWaiting();
      reportJob(world, agent, report);
    },
    leave() {
      stopWaiting();
      disconnectAgent(world, agent, 'it left');
    },
    fallSilent: stopWaiting,
  };
}
