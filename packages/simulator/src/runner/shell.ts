// `shell:` of a step to a command line, as GitHub's runner does it on Linux and macOS.
import { accessSync, constants } from 'node:fs';
import { delimiter, join } from 'node:path';

export interface Shell {
  readonly program: string;
  /** `{0}` stands for the script file. */
  readonly args: readonly string[];
  readonly extension: string;
  /** As the log shows it. */
  readonly shown: string;
}

// A script without an extension of its own takes the module kind that its syntax shows.
const NODE_ARGS = '--disable-warning=MODULE_TYPELESS_PACKAGE_JSON {0}';

const KNOWN: Readonly<Record<string, { readonly line: string; readonly extension: string }>> = {
  bash: { line: 'bash --noprofile --norc -e -o pipefail {0}', extension: '.sh' },
  sh: { line: 'sh -e {0}', extension: '.sh' },
  python: { line: 'python {0}', extension: '.py' },
  pwsh: { line: `pwsh -command ". '{0}'"`, extension: '.ps1' },
  node: { line: `node ${NODE_ARGS}`, extension: '.js' },
};

/** Gives the reason when there is no such shell. */
export function shellOf(name: string | undefined, path: string): Shell | string {
  if (name === undefined || name === '') return defaultShell(path);
  const known = KNOWN[name];
  if (known !== undefined) return shell(known.line, known.extension);
  if (name.includes('{0}')) return shell(name, KNOWN[firstWord(name)]?.extension ?? '.sh');
  return `Invalid shell option '${name}'. Shell must be one of ${Object.keys(KNOWN).join(', ')} or a format string containing '{0}'`;
}

// Without a word GitHub does not ask for pipefail: `bash -e`, and sh where there is no bash.
const defaultShell = (path: string): Shell =>
  shell(isOnPath('bash', path) ? 'bash -e {0}' : 'sh -e {0}', '.sh');

function shell(line: string, extension: string): Shell {
  const words = [...line.matchAll(/"([^"]*)"|(\S+)/g)].map(
    ([, quoted, bare]) => quoted ?? bare ?? '',
  );
  const [program = '', ...args] = words;
  return { program, args, extension, shown: line };
}

const firstWord = (line: string): string => line.split(' ')[0] ?? '';

export function isOnPath(program: string, path: string): boolean {
  return path.split(delimiter).some((folder) => {
    try {
      accessSync(join(folder, program), constants.X_OK);
      return folder !== '';
    } catch {
      return false;
    }
  });
}
