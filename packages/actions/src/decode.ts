// The border: what the service sent, as the shapes of wire.ts. Tolerant where GitHub's own client is: unknown keys,
// the case of keys, null for "nothing". Never tolerant of a missing id.
import { z } from 'zod';
import type { Answer } from './http.ts';
import { parseJson } from './json.ts';
import { badAnswer } from './refusal.ts';
import type {
  JitRunnerConfig,
  List,
  RunnerGroup,
  RunnerReference,
  RunnerScaleSet,
  RunnerScaleSetSession,
  Statistics,
} from './wire.ts';

/** The body of an answer. Throws `bad-answer`, naming keys but no values. */
export function decode<T>(schema: z.ZodType<T>, answer: Answer): T {
  const read = schema.safeParse(jsonOf(answer));
  if (read.success) return read.data;
  throw badAnswer(answer, `the answer cannot be read: ${complaint(read.error)}`);
}

/** Throws `bad-answer`. */
function jsonOf(answer: Answer): unknown {
  if (answer.text.trim() === '') throw badAnswer(answer, 'the answer is empty');
  const json = parseJson(answer.text);
  if (json === undefined) throw badAnswer(answer, 'the answer is no JSON');
  return json;
}

/** The first of them tell enough: a list of a million wrong items has a million. */
const MOST_ISSUES = 5;

/** What is wrong, by keys; it quotes nothing of the value. */
export const complaint = ({ issues }: z.ZodError): string =>
  issues
    .slice(0, MOST_ISSUES)
    .map(({ path, message }) => [path.join('.'), message].filter(Boolean).join(' '))
    .join(', ');

/** An object of the wire: keys without regard to case, null as absent. */
export function wire<Shape extends z.ZodRawShape>(
  shape: Shape,
): z.ZodType<z.infer<z.ZodObject<Shape>>> {
  const spellings = new Map(Object.keys(shape).map((key) => [key.toLowerCase(), key]));
  return z.preprocess(
    (value) => respelled(value, spellings),
    z.object(shape, 'is missing or no object'),
  );
}

function respelled(value: unknown, spellings: ReadonlyMap<string, string>): unknown {
  if (value === null || typeof value !== 'object' || Array.isArray(value)) return value;
  const known: Record<string, unknown> = {};
  for (const [key, held] of Object.entries(value)) {
    const name = spellings.get(key.toLowerCase());
    if (name === undefined || held === null) continue;
    if (key === name || !(name in known)) known[name] = held;
  }
  return known;
}

/** Refuses what it could not hold exactly. */
export const whole = z.int('is missing or no whole number below 2^53');
export const text = z.string('is missing or no text');
export const filledText = text.min(1, 'is empty');

const count = whole.default(0);

export const statistics: z.ZodType<Statistics> = wire({
  totalAvailableJobs: count,
  totalAcquiredJobs: count,
  // Scaling stands on this one: a zero made up for it would take runners away.
  totalAssignedJobs: whole,
  totalRunningJobs: count,
  totalRegisteredRunners: count,
  totalBusyRunners: count,
  totalIdleRunners: count,
});

const label = wire({ type: text.default('System'), name: text });

export const scaleSet: z.ZodType<RunnerScaleSet> = wire({
  id: whole,
  name: text,
  runnerGroupId: z.exactOptional(whole),
  runnerGroupName: z.exactOptional(text),
  labels: z.exactOptional(z.array(label)),
  RunnerSetting: z.exactOptional(wire({ disableUpdate: z.exactOptional(z.boolean()) })),
  createdOn: z.exactOptional(text),
  runnerJitConfigUrl: z.exactOptional(text),
  statistics: z.exactOptional(statistics),
});

const runnerGroup: z.ZodType<RunnerGroup> = wire({
  id: whole,
  name: text,
  size: count,
  isDefaultGroup: z.boolean().default(false),
});

export const runner: z.ZodType<RunnerReference> = wire({
  id: whole,
  name: text,
  runnerScaleSetId: whole.default(0),
});

export const jitConfig: z.ZodType<JitRunnerConfig> = wire({
  runner,
  encodedJITConfig: filledText,
});

/** The scale set that comes with it is left out: nobody needs it, and it is not to break anything. */
export const session: z.ZodType<Omit<RunnerScaleSetSession, 'runnerScaleSet'>> = wire({
  sessionId: filledText,
  ownerName: z.exactOptional(text),
  messageQueueUrl: z.url({ protocol: /^https?$/, error: 'is missing or no URL' }),
  messageQueueAccessToken: filledText,
  statistics: z.exactOptional(statistics),
});

const listOf = <T>(item: z.ZodType<T>): z.ZodType<List<T>> =>
  wire({ count: whole, value: z.array(item).default([]) });

export const scaleSets = listOf(scaleSet);
export const runnerGroups = listOf(runnerGroup);
export const runners = listOf(runner);

export const acquired = wire({ value: z.array(whole).default([]) });

/** Of a search by name, which must find one at most. The count decides, whatever the list holds. */
export function atMostOne<T>(schema: z.ZodType<List<T>>, answer: Answer): T | undefined {
  const { count: found, value } = decode(schema, answer);
  if (found === 0) return undefined;
  if (found > 1) throw badAnswer(answer, `it was found ${found} times`);
  const [only] = value;
  if (only === undefined) throw badAnswer(answer, 'the answer counts one and lists none');
  return only;
}
