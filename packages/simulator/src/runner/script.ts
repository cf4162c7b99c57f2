// A `run` step: its script in a file, its shell over that.
import { stat, writeFile } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { randomUUID } from 'node:crypto';
import type { Scope } from '../workflow/expression.ts';
import { entriesOf, fill, textOf } from '../workflow/template.ts';
import type { Template } from '../workflow/template.ts';
import { createCommandReader } from './commands.ts';
import { scopeOf } from './job-state.ts';
import { runCommand } from './process.ts';
import type { Exit } from './process.ts';
import { shellOf } from './shell.ts';
import type { Doing, Done } from './step.ts';

export async function runScript(doing: Doing): Promise<Done> {
  const { state, step, stepEnv, processEnv, signal } = doing;
  const scope = scopeOf(state, stepEnv);
  const script = 'run' in step.does ? textOf(fill(step.does.run, scope)) : '';
  const shell = shellOf(setting(doing, scope, 'shell'), processEnv['PATH'] ?? '');
  if (typeof shell === 'string') return fail(doing, shell);
  const { workspace, temp } = state.paths;
  const cwd = resolve(workspace, setting(doing, scope, 'working-directory') ?? '.');
  if (!(await isFolder(cwd))) return fail(doing, `the working directory ${cwd} does not exist`);

  const file = join(temp, `${randomUUID()}${shell.extension}`);
  await writeFile(file, shell.extension === '.ps1' ? powerShell(script) : `${script}\n`, {
    mode: 0o700,
  });
  announce(doing, script, shell.shown);
  const { program } = shell;
  const args = shell.args.map((arg) => arg.replaceAll('{0}', file));
  const commands = commandReader(doing);
  const onLine = commands.read;
  const exit = await runCommand({ program, args, cwd, env: processEnv, onLine, signal });
  const done = doneOf(exit, doing, program);
  return commands.forbidden() && done.outcome === 'success' ? { outcome: 'failure' } : done;
}

function commandReader({ state, outputs }: Doing): {
  read: (line: string) => void;
  forbidden: () => boolean;
} {
  let forbidden = false;
  const read = createCommandReader({
    show: state.log.line,
    mask: state.log.mask,
    output: (name, value) => outputs.set(name, value),
    forbid: (message) => {
      forbidden = true;
      state.log.line(`##[error]${message}`);
    },
  });
  return { read, forbidden: () => forbidden };
}

/** The step's own word, else the job's default, else the workflow's. */
function setting(
  { step, state }: Doing,
  scope: Scope,
  name: 'shell' | 'working-directory',
): string | undefined {
  const own = name === 'shell' ? step.shell : step.workingDirectory;
  const templates: (Template | undefined)[] = [own];
  for (const defaults of state.payload.defaults.toReversed()) {
    templates.push(entriesOf(defaults).find(([key]) => key === name)?.[1]);
  }
  for (const template of templates) {
    const text = template === undefined ? '' : textOf(fill(template, scope));
    if (text !== '') return text;
  }
  return undefined;
}

function announce({ state, stepEnv }: Doing, script: string, shell: string): void {
  const { line } = state.log;
  const lines = script.trimEnd().split('\n');
  line(`##[group]Run ${lines.find((text) => text.trim() !== '') ?? ''}`);
  for (const text of lines) line(text);
  line(`shell: ${shell}`);
  const env = Object.entries({ ...state.env, ...stepEnv });
  if (env.length > 0) line('env:');
  for (const [name, value] of env) line(`  ${name}: ${value}`);
  line('##[endgroup]');
}

function doneOf(exit: Exit, doing: Doing, program: string): Done {
  switch (exit.is) {
    case 'ended':
      return { outcome: 'cancelled' };
    case 'not-started':
      return fail(doing, `${program} could not be started: ${exit.because}`);
    case 'exited':
      if (exit.code === 0) return { outcome: 'success' };
      return fail(doing, `Process completed with exit code ${exit.code}.`);
  }
}

function fail({ state }: Doing, reason: string): Done {
  state.log.line(`##[error]${reason}`);
  return { outcome: 'failure', reason };
}

const powerShell = (script: string): string =>
  `$ErrorActionPreference = 'stop'\n${script}\nif ((Test-Path -LiteralPath variable:\\LASTEXITCODE)) { exit $LASTEXITCODE }\n`;

async function isFolder(path: string): Promise<boolean> {
  try {
    return (await stat(path)).isDirectory();
  } catch {
    return false;
  }
}
