// Asks GitHub for what census.ts decides on: one call a set, and one a suspect while the counts disagree. Where it counts none
// of this set online it is asked for others of the same organization: one call each, until one has a runner online.
import { hasJob, LABELS } from '@muster/api';
import type { EphemeralRunnerSet } from '@muster/api';
import type { ActionsClient } from '@muster/actions';
import { accessOf } from '../access.ts';
import type { Deps } from '../deps.ts';
import { urlLabels } from '../labels.ts';
import { inParallel } from '../parallel.ts';
import { missingOf, suspectsOf } from './census.ts';
import type { Census, Counts } from './census.ts';
import type { Member, Tally } from './tally.ts';

interface Given {
  set: EphemeralRunnerSet;
  tally: Tally;
  onlineMs: number;
  now: number;
  /** All that are known. */
  sets: () => EphemeralRunnerSet[];
}

const AT_ONCE = 8;
/** Of the others, those that say that they have most runners. */
const OTHERS = 5;

type GitHub = Pick<Deps['github'], 'clientFor'>;

/** Never rejects: no word is a result too. */
export async function takeCensus(
  given: Given,
  before: Census | undefined,
  github: GitHub,
): Promise<Census> {
  const { now } = given;
  const result = await ask(given, github).catch(() => NO_WORD);
  const since = before?.is === result.is ? before.since : now;
  return { at: now, since, ...result };
}

type Result = Pick<Census, 'is' | 'missing' | 'gone'>;

const NO_WORD: Result = { is: 'unreachable', missing: 0, gone: [] };
const WELL: Result = { is: 'online', missing: 0, gone: [] };

async function ask(given: Given, github: GitHub): Promise<Result> {
  const client = await clientOf(given.set, github);
  const counts = await countsOf(given.set, client);
  if (counts === undefined) return NO_WORD;
  const suspects = suspectsOf(given);
  const busyHere = given.tally.running.filter(({ runner }) => hasJob(runner)).length;
  if (missingOf(suspects.length, busyHere, counts) === 0) return WELL;
  const gone = await unknownOf(suspects, client);
  const missing = missingOf(suspects.length - gone.length, busyHere, counts);
  if (missing === 0) return { is: 'online', missing, gone };
  const isAnyOnline = isOnline(counts) || (await isOnlineElsewhere(given, github));
  return { is: isAnyOnline ? 'offline' : 'outage', missing, gone };
}

const clientOf = ({ metadata, spec }: EphemeralRunnerSet, github: GitHub): Promise<ActionsClient> =>
  github.clientFor(accessOf(metadata.namespace, spec.ephemeralRunnerSpec));

const countsOf = async (
  { spec }: EphemeralRunnerSet,
  client: ActionsClient,
): Promise<Counts | undefined> =>
  (await client.getScaleSet(spec.ephemeralRunnerSpec.runnerScaleSetId))?.statistics;

const isOnline = ({ totalIdleRunners, totalBusyRunners }: Counts): boolean =>
  totalIdleRunners + totalBusyRunners > 0;

/** Without an answer nobody is. */
async function isOnlineElsewhere({ set, sets }: Given, github: GitHub): Promise<boolean> {
  const running = ({ status }: EphemeralRunnerSet): number => status?.runningEphemeralRunners ?? 0;
  const others = sets()
    .filter((other) => isNeighbour(other, set) && running(other) > 0)
    .sort((a, b) => running(b) - running(a));
  for (const other of others.slice(0, OTHERS)) {
    const counts = await clientOf(other, github)
      .then((client) => countsOf(other, client))
      .catch(() => undefined);
    if (counts && isOnline(counts)) return true;
  }
  return false;
}

/** Another set that serves the same organization or enterprise, at the same GitHub. */
const isNeighbour = (other: EphemeralRunnerSet, set: EphemeralRunnerSet): boolean =>
  other.metadata.uid !== set.metadata.uid && ownerOf(other) === ownerOf(set);

function ownerOf({ spec }: EphemeralRunnerSet): string {
  const { githubConfigUrl } = spec.ephemeralRunnerSpec;
  const { [LABELS.enterprise]: enterprise, [LABELS.organization]: organization } =
    urlLabels(githubConfigUrl);
  return [URL.parse(githubConfigUrl)?.host, enterprise, organization].join('/');
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
