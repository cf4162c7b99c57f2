// `muster dev`: a workflow's jobs, run end to end on this machine.
import { tmpdir } from 'node:os';
import { setTimeout as sleep } from 'node:timers/promises';
import { CliError } from '../errors.ts';
import { DEMO_SET } from './demo-set.ts';
import { failedJobs, jobTable, logOf, notesOf, picture, plural } from './report.ts';
import { findCheckout } from './repository.ts';
import { createScreen } from './screen.ts';
import { followStory } from './story.ts';
import { startWorld } from './world.ts';
import type { RunDescription } from '@muster/simulator';
import type { Checkout } from './repository.ts';
import type { Screen } from './screen.ts';
import type { Story } from './story.ts';
import type { World } from './world.ts';

const DEATH_HEARD_MS = 1_000;

export interface DevWish {
  workflow: string;
  keep: boolean;
  minRunners: number;
  maxRunners: number;
}

export interface Outside {
  stdout: NodeJS.WriteStream;
  env: NodeJS.ProcessEnv;
  /** Fires at Ctrl-C. */
  signal: AbortSignal;
}

interface Show {
  screen: Screen;
  startedAt: number;
  tell: (what: string, text: string) => void;
}

/** The exit code: 0, or 1 when a job failed. Throws a CliError. */
export async function dev(wish: DevWish, { stdout, env, signal }: Outside): Promise<number> {
  const checkout = await findCheckout(wish.workflow);
  await refuseBroken(checkout);
  const show = createShow(stdout);
  show.tell('muster', `runs ${checkout.path}`);
  const { minRunners, maxRunners } = wish;
  const world = await startWorld({ keep: wish.keep, env, parent: tmpdir() }, signal);
  const keep = { done: false };
  try {
    await world.install({ ...DEMO_SET, minRunners, maxRunners });
    const run = await Promise.race([
      watchRun(wish, { world, checkout, show }, signal).catch((error: unknown) =>
        reasonOf(error, world),
      ),
      broken(world),
    ]);
    keep.done = wish.keep && !signal.aborted;
    return report(run, { world, show, keep: keep.done });
  } finally {
    show.screen.close();
    await (keep.done ? world.leave() : world.stop());
  }
}

/** Before anything is started: a broken file costs no time. */
async function refuseBroken({ path, content }: Checkout): Promise<void> {
  const { formatProblems, parseWorkflow } = await import('@muster/simulator/workflow');
  const workflow = await parseWorkflow({ path, content });
  if ('problems' in workflow) throw new CliError('user', formatProblems(workflow).join('\n'));
}

function createShow(stdout: NodeJS.WriteStream): Show {
  const startedAt = Date.now();
  const screen = createScreen(stdout);
  const tell = (what: string, text: string): void => {
    const seconds = ((Date.now() - startedAt) / 1000).toFixed(1).padStart(6);
    screen.line(`${seconds}s  ${what.padEnd(9)} ${text}`);
  };
  return { screen, startedAt, tell };
}

async function broken(world: World): Promise<never> {
  throw new CliError('ours', await world.broken);
}

/** Calls to a program that has died may fail before its death is heard of. */
async function reasonOf(error: unknown, world: World): Promise<never> {
  await Promise.race([broken(world), sleep(DEATH_HEARD_MS)]);
  throw error;
}

interface Scene {
  world: World;
  checkout: Checkout;
  show: Show;
}

interface Ended {
  run: RunDescription;
  story: Story;
}

async function watchRun(
  wish: DevWish,
  { world, checkout, show }: Scene,
  signal: AbortSignal,
): Promise<Ended> {
  const following = new AbortController();
  const both = AbortSignal.any([signal, following.signal]);
  const story = followStory(world, show.tell, both);
  try {
    const id = await push(world, checkout);
    const run = await runToEnd(id, { world, story, show }, both);
    if (!signal.aborted) await story.whenEmpty(wish.minRunners);
    if (!signal.aborted)
      show.tell('muster', `the scale set is back at ${plural(wish.minRunners, 'runner')}`);
    return { run, story };
  } finally {
    following.abort();
  }
}

async function push({ control }: World, checkout: Checkout): Promise<number> {
  const { path, content, directory, name, ref, sha } = checkout;
  const started = await control.startRun({
    path,
    content,
    repositoryPath: directory,
    owner: DEMO_SET.owner,
    repository: name,
    ...(ref !== undefined && { ref }),
    ...(sha !== undefined && { sha }),
  });
  if (started.is === 'broken') throw new CliError('user', started.problems.join('\n'));
  return started.run.id;
}

async function runToEnd(
  id: number,
  { world, story, show }: { world: World; story: Story; show: Show },
  signal: AbortSignal,
): Promise<RunDescription> {
  let run = await world.control.run(id);
  let isListening = false;
  const draw = (): void => {
    show.screen.picture(picture(run, story.runners()));
  };
  try {
    for await (const event of world.control.events({ signal })) {
      isListening ||= event.type === 'session';
      if (!['job', 'run', 'session'].includes(event.type)) continue;
      run = await world.control.run(id);
      draw();
      // What waits for a scale set once ours is there waits for one that does not exist.
      if (run.state === 'completed' || (run.state === 'stuck' && isListening)) break;
    }
  } catch (error) {
    if (!signal.aborted) throw error;
  }
  return run;
}

function report(
  { run, story }: Ended,
  { world, show, keep }: { world: World; show: Show; keep: boolean },
): number {
  const { screen, startedAt } = show;
  screen.close();
  const failed = failedJobs(run);
  for (const line of failed.flatMap(logOf)) screen.line(line);
  for (const line of ['', ...jobTable(run, { startedAt, podRanAt: story.podRanAt })])
    screen.line(line);
  const notes = notesOf(run).map((note) => `note: ${note}`);
  if (notes.length > 0) for (const line of ['', ...notes]) screen.line(line);
  if (keep) {
    screen.line('');
    screen.line(`kubectl --kubeconfig ${world.kubeconfig} get pods --all-namespaces`);
    screen.line(`stop it with: npx -y pnpm@12 demo --stop ${world.directory}`);
  }
  return failed.length > 0 ? 1 : 0;
}
