// Killed with SIGKILL at each of its requests, before it is sent and before its answer arrives, a
// listener leaves nothing that its successor does not put right.
import { expect, test } from 'vitest';
import { aWorld } from './testing/world.ts';
import type { Death } from './testing/process.ts';
import type { Listening, World } from './testing/world.ts';

// Long enough for a session of which nobody knows the id to expire within the story.
const STEP_MS = 50;

/** Every kind of request of the loop is in it. */
async function story(world: World, death?: Death): Promise<Listening[]> {
  await world.makeRunner('linux-runner-a');
  world.aJob();
  const started = [world.start({ instance: 'first', ...(death && { death }) })];
  /** As the controller does when a listener's pod has ended. */
  const follow = <T>(look: () => Promise<T | undefined>): Promise<T> =>
    world.until(async () => {
      if (started.length === 1 && started[0]?.process.isDead === true) {
        started.push(world.start({ instance: 'second' }));
      }
      return look();
    }, STEP_MS);
  const wished = (replicas: number): Promise<unknown> =>
    follow(async () => ((await world.set()).spec.replicas === replicas ? true : undefined));

  await wished(1);
  const complete = await world.runJob('linux-runner-a');
  await follow(async () => (await world.runnerStatus('linux-runner-a')).jobId);
  world.aJob();
  await wished(2);
  complete();
  await wished(1);
  await follow(async () => ((await world.set()).spec.patchID === 0 ? true : undefined));
  await follow(() => {
    const [set] = world.simulator.state().scaleSets;
    return Promise.resolve(set?.undeletedMessages === 0 ? true : undefined);
  });
  const at = started.length === 1 ? 'first' : 'second';
  await follow(async () => {
    const { instance, state } = (await world.set()).status?.listener ?? {};
    return instance === at && state === 'listening' ? true : undefined;
  });
  return started;
}

async function outcome(death?: Death): Promise<{ requests: string[]; wasKilled: boolean }> {
  // A poll ends only when something happens, so that each run asks the same.
  const world = await aWorld({ holdMs: 600_000, ...(death && { mode: modeOf(death) }) });
  try {
    const [first, ...others] = await story(world, death);
    const [set] = world.simulator.state().scaleSets;
    expect((await world.set()).spec.replicas).toBe(set?.statistics.totalAssignedJobs);
    expect(world.simulator.violations()).toEqual([]);
    expect(others.length).toBeLessThanOrEqual(1);
    return { requests: first?.process.requests ?? [], wasKilled: others.length === 1 };
  } finally {
    await world.end();
  }
}

// Each service flavour meets half of the deaths, and each death one of them.
const modeOf = ({ request }: Death): 'assign' | 'acquire' =>
  request % 2 === 0 ? 'assign' : 'acquire';

test(
  'killed at any request, it is followed by one that misses nothing',
  { timeout: 120_000 },
  async () => {
    const { requests } = await outcome();
    // Tokens, session, polls, wishes, a job, receipts, its record, the converging patch.
    expect(requests.length).toBeGreaterThan(15);
    let deaths = 0;
    for (let request = 1; request <= requests.length; request += 1) {
      for (const when of ['before', 'after'] as const) {
        const { wasKilled } = await outcome({ request, when });
        if (wasKilled) deaths += 1;
      }
    }
    expect(deaths).toBeGreaterThan(requests.length);
  },
);
