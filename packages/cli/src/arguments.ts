// The command line: `muster dev [workflow] [options]`, `muster simulator [options]`.
import { resolve } from 'node:path';
import { parseArgs } from 'node:util';
import { CliError } from './errors.ts';

export const USAGE = `usage: muster dev [workflow.yml] [options]

Runs the jobs of a workflow file on this machine: a Kubernetes, an Actions service, the controller,
a listener and one runner pod a job, all on loopback.

  workflow.yml         the file; examples/workflows/ci.yml when absent
  --max-runners N      at most so many runners at a time (5)
  --min-runners N      so many idle runners always (0)
  --keep               leave everything running, and print the kubeconfig's path
  --stop DIR           stop what --keep left running
  --help               this text

       muster simulator [options]

The Actions service alone, on a port: docs/simulator.md.`;

export type Command =
  | { do: 'help' }
  | { do: 'stop'; directory: string }
  /** Its arguments are its own. */
  | { do: 'simulator'; args: string[] }
  | { do: 'dev'; workflow: string; keep: boolean; maxRunners: number; minRunners: number };

export interface Place {
  /** Where the user was when the command was given; relative paths start there. */
  directory: string;
  defaultWorkflow: string;
}

const OPTIONS = {
  'max-runners': { type: 'string', default: '5' },
  'min-runners': { type: 'string', default: '0' },
  keep: { type: 'boolean', default: false },
  stop: { type: 'string' },
  help: { type: 'boolean', short: 'h', default: false },
} as const;

/** Throws a CliError that says which argument is wrong. */
export function parseArguments(argv: readonly string[], place: Place): Command {
  if (argv[0] === 'simulator') return { do: 'simulator', args: argv.slice(1) };
  const { values, positionals } = parsed(argv);
  const [command, workflow, ...rest] = positionals;
  if (values.help || command === undefined) return { do: 'help' };
  if (command !== 'dev') throw mistake(`there is no command ${command}`);
  const [extra] = rest;
  if (extra !== undefined) throw mistake(`one workflow at a time: ${extra} is one too many`);
  if (values.stop !== undefined)
    return { do: 'stop', directory: resolve(place.directory, values.stop) };
  const maxRunners = count('--max-runners', values['max-runners'], 1);
  const minRunners = count('--min-runners', values['min-runners'], 0);
  if (minRunners > maxRunners) throw mistake('--min-runners must not be above --max-runners');
  return {
    do: 'dev',
    workflow: workflow === undefined ? place.defaultWorkflow : resolve(place.directory, workflow),
    keep: values.keep,
    maxRunners,
    minRunners,
  };
}

const mistake = (problem: string): CliError =>
  new CliError('user', `${problem} (muster --help lists what there is)`);

function parsed(argv: readonly string[]): ReturnType<typeof parseAll> {
  try {
    return parseAll(argv);
  } catch (error) {
    throw mistake(error instanceof Error ? firstSentence(error.message) : String(error));
  }
}

const parseAll = (
  argv: readonly string[],
): ReturnType<typeof parseArgs<{ options: typeof OPTIONS; allowPositionals: true }>> =>
  parseArgs({ args: [...argv], options: OPTIONS, allowPositionals: true });

/** What follows it, on lines of their own at times, is about Node's own ways. */
const firstSentence = (message: string): string => message.split(/\.(?:\s|$)/)[0] ?? message;

function count(option: string, text: string, least: number): number {
  const value = /^\d{1,9}$/.test(text) ? Number(text) : -1;
  if (value >= least) return value;
  throw mistake(`${option} must be a whole number of at least ${least}, not "${text}"`);
}
