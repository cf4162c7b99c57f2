// What happened, line by line: when, who, what, because of what. Runners are called by letters, in
// the order in which they are first spoken of, since their names are hashes.
import type { Clock, Log } from '@muster/kube';
import type { SimulatorEvent } from '@muster/simulator';

interface Line {
  who: string;
  does: string;
  because?: string;
}

export interface Transcript {
  add: (line: Line) => void;
  /** The actions of reconcilers, and whatever is a warning. */
  controller: Log;
  listener: Log;
  kubelet: Log;
  github: (event: SimulatorEvent) => void;
  text: () => string;
}

export function createTranscript(clock: Clock): Transcript {
  const startedAt = clock.now();
  const lines: string[] = [];
  const letters = new Map<string, string>();

  const named = (text: string): string =>
    text.replace(RUNNER_NAME, (name) => {
      const letter = letters.get(name) ?? letterOf(letters.size);
      letters.set(name, letter);
      return letter;
    });
  const add = ({ who, does, because = '' }: Line): void => {
    const time = `t+${Math.floor((clock.now() - startedAt) / 1000)}s`;
    const columns = [time.padEnd(6), named(who).padEnd(22), named(does).padEnd(24), named(because)];
    lines.push(columns.join('  ').trimEnd());
  };
  return {
    add,
    controller: logTo(add, actionLine),
    listener: logTo(add, listenerLine),
    kubelet: logTo(add, () => undefined, 'kubelet'),
    github: (event) => {
      const line = githubLine(event);
      if (line) add(line);
    },
    text: () => `${lines.join('\n')}\n`,
  };
}

const RUNNER_NAME = /\b[a-z0-9-]+-runner-[a-z0-9]{8}\b/g;
const LETTERS = 'abcdefghijklmnopqrstuvwxyz';

/** a to z, then aa, ab and so on. */
export function letterOf(index: number): string {
  const last = LETTERS.charAt(index % LETTERS.length);
  return index < LETTERS.length ? last : letterOf(Math.floor(index / LETTERS.length) - 1) + last;
}

type Fields = Record<string, unknown>;
type Reading = (message: string, fields: Fields) => Line | undefined;

function logTo(add: (line: Line) => void, read: Reading, who = 'controller'): Log {
  const trouble =
    (level: string): Log['warn'] =>
    (message, fields = {}) => {
      add(read(message, fields) ?? { who, does: `${level}: ${message}`, because: causeOf(fields) });
    };
  return {
    debug: () => undefined,
    info: (message, fields = {}) => {
      const line = read(message, fields);
      if (line) add(line);
    },
    warn: trouble('warning'),
    error: trouble('error'),
  };
}

const causeOf = ({ error }: Fields): string => (error instanceof Error ? error.message : '');

const text = (value: unknown): string => (typeof value === 'string' ? value : '');

/** A runner is told apart by its letter; there is one object of every other kind. */
function actionLine(because: string, fields: Fields): Line | undefined {
  const { controller, key, do: does } = fields;
  if (typeof controller !== 'string' || 'error' in fields) return undefined;
  const name = text(key).split('/')[1] ?? '';
  const who = controller === 'ephemeral-runner' ? `${controller} ${name}` : controller;
  return { who, does: text(does), because };
}

function listenerLine(message: string, fields: Fields): Line | undefined {
  const who = 'listener';
  const { replicas, patchID, state, error } = fields;
  if (replicas !== undefined) {
    return { who, does: `wish ${Number(replicas)} runners, patch ${Number(patchID)}` };
  }
  if (error !== undefined) {
    const what = state === undefined ? message : `${message} (${text(state)})`;
    return { who, does: what, because: causeOf(fields) };
  }
  if (message.startsWith('listening')) return { who, does: message };
  return undefined;
}

function githubLine(event: SimulatorEvent): Line | undefined {
  const who = 'github';
  switch (event.type) {
    case 'job':
      return jobLine(event.job);
    case 'scale-set':
      return { who, does: `scale set ${event.change}` };
    case 'session':
      return { who, does: `session ${event.change}` };
    case 'runner': {
      const { runner, change, because } = event;
      return { who, does: `runner ${runner.name} ${change}`, ...(because && { because }) };
    }
    case 'violation':
      return { who, does: 'violation', because: event.violation.rule };
    case 'run':
      return undefined;
  }
}

type Told = (SimulatorEvent & { type: 'job' })['job'];

const NEWS: Record<Told['state'], (job: Told) => string> = {
  queued: () => 'is queued',
  available: () => 'is offered',
  acquired: () => 'is won',
  assigned: ({ runnerName, scaleSetName = '' }) => `is given to ${runnerName ?? scaleSetName}`,
  running: ({ runnerName = '' }) => `runs on ${runnerName}`,
  completed: ({ result = '' }) => result,
};

const jobLine = (job: Told): Line => ({
  who: 'github',
  does: `${job.displayName} ${NEWS[job.state](job)}`,
  because: job.waiting ?? job.failure ?? '',
});
