// Worlds for tests: a clock that stands still until it is moved, one organization, sets with defaults.
import type { JobWish } from '../job.ts';
import { queueJob } from '../world/jobs.ts';
import type { Agent, DeliveryMode, JobRecord, ScaleSet, Session, World } from '../world/model.ts';
import { awaitWork, connectAgent, registerAgent } from '../world/runners.ts';
import { createScaleSet, scopeOf } from '../world/scale-sets.ts';
import { openSession, poll } from '../world/sessions.ts';
import { createWorld } from '../world/world.ts';
import type { EventLog } from '../world/events.ts';

export interface TestWorld {
  world: World;
  events: EventLog;
  clock: { now: number };
  aSet: (name: string, options?: { scope?: string; labels?: string[]; group?: string }) => ScaleSet;
  /** Listens with room for so many jobs. */
  listen: (set: ScaleSet, capacity: number) => Session;
  aJob: (wish?: Partial<JobWish>) => JobRecord;
  /** Registered, online, waiting. */
  aRunner: (set: ScaleSet, name: string) => Agent;
}

export function aWorld(mode: DeliveryMode = 'assign'): TestWorld {
  const clock = { now: Date.UTC(2026, 0, 1) };
  const { world, events } = createWorld({ now: () => clock.now, mode });
  return {
    world,
    events,
    clock,
    aSet(name, { scope = 'my-org', labels = [name] } = {}) {
      const at = must(scopeOf(world, scope));
      const fields = { name, group: must(at.groups[0]), disableUpdate: true };
      const typed = labels.map((label) => ({ type: 'System', name: label }));
      return must(createScaleSet(world, at, { ...fields, labels: typed }));
    },
    listen(set, capacity) {
      const session = must(openSession(world, set, 'me'));
      poll(world, session, { lastMessageId: 0, capacity });
      return session;
    },
    aJob: (wish = {}) => queueJob(world, { ...A_JOB, ...wish }),
    aRunner(set, name) {
      const agent = must(registerAgent(world, set, { name, workFolder: '_work' }));
      connectAgent(world, agent);
      awaitWork(world, agent, () => undefined);
      return agent;
    },
  };
}

const A_JOB: JobWish = {
  displayName: 'build',
  labels: ['demo'],
  owner: 'my-org',
  repository: 'my-repo',
  workflowRef: 'my-org/my-repo/.github/workflows/ci.yml@refs/heads/main',
  runId: 1,
  eventName: 'push',
  payload: {},
};

function must<T>(value: T): Exclude<T, string | undefined> {
  if (value === undefined || typeof value === 'string') throw new Error(`got ${String(value)}`);
  return value as Exclude<T, string | undefined>;
}
