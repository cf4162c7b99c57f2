// Asks GitHub for what census.ts decides on: one call a set, and one a suspect while the counts disagree.
import { hasJob } from '@muster/api';
import type { EphemeralRunnerSet } from '@muster/api';
import type { ActionsClient } from '@muster/actions';
import { accessOf } from '../access.ts';
import type { Deps } from '../deps.ts';
import { inParallel } from '../parallel.ts';
import { missingOf, suspectsOf } from './census.ts';
import type { Census } from './census.ts';
import type { Member, Tally } from './tally.ts';

interface Given {
  set: EphemeralRunnerSet;
  tally: Tally;
  onlineMs: number;
  now: number;
}

const AT_ONCE = 8;

/** Never rejects: no word is a result too. */
export async function takeCensus(
  given: Given,
  before: Census | undefined,
  github: Pick<Deps['github'], 'clientFor'>,
): Promise<Census> {
  const { now } = given;
  const result = await ask(given, github).catch(() => NO_WORD);
  const since = before?.is === result.is ? before.since : now;
  return { at: now, since, ...result };
}

type Result = Pick<Census, 'is' | 'missing' | 'gone'>;

const NO_WORD: Result = { is: 'unreachable', missing: 0, gone: [] };
const WELL: Result = { is: 'online', missing: 0, gone: [] };

async function ask(given: Given, github: Pick<Deps['github'], 'clientFor'>): Promise<Result> {
  const { namespace } = given.set.metadata;
  const spec = given.set.spec.ephemeralRunnerSpec;
  const client = await github.clientFor(accessOf(namespace, spec));
  const counts = (await client.getScaleSet(spec.runnerScaleSetId))?.statistics;
  if (counts === undefined) return NO_WORD;
  const suspects = suspectsOf(given);
  const busyHere = given.tally.running.filter(({ runner }) => hasJob(runner)).length;
  if (missingOf(suspects.length, busyHere, counts) === 0) return WELL;
  const gone = await unknownOf(suspects, client);
  const missing = missingOf(suspects.length - gone.length, busyHere, counts);
  if (missing === 0) return { is: 'online', missing, gone };
  const isAnyOnline = counts.totalIdleRunners + counts.totalBusyRunners > 0;
  return { is: isAnyOnline ? 'offline' : 'outage', missing, gone };
}

/** Only GitHub's definite word counts: an error says nothing. */
async function unknownOf(suspects: readonly Member[], client: ActionsClient): Promise<string[]> {
  const gone: string[] = [];
  await inParallel(suspects, AT_ONCE, async ({ runner: { metadata, status } }) => {
    if (status?.runnerId === undefined) return;
    if ((await client.getRunner(status.runnerId)) === undefined) gone.push(metadata.name);
  });
  return gone.sort();
}
