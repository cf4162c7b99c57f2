// Workflow commands: lines such as `::error file=a.js,line=3::message` that a step prints.

interface WorkflowCommand {
  readonly name: string;
  readonly properties: Readonly<Record<string, string>>;
  readonly value: string;
}

const COMMAND = /^\s*::([\w-]+)(?:\s+(.*?))?::(.*)$/s;

function parseCommand(line: string): WorkflowCommand | undefined {
  const [, name, properties = '', value = ''] = COMMAND.exec(line) ?? [];
  if (name === undefined) return undefined;
  const pairs = properties.split(',').flatMap((pair): [string, string][] => {
    const [key = '', ...rest] = pair.split('=');
    return rest.length === 0 ? [] : [[key.trim(), unescapeProperty(rest.join('='))]];
  });
  return {
    name: name.toLowerCase(),
    properties: Object.fromEntries(pairs),
    value: unescapeValue(value),
  };
}

const unescapeValue = (text: string): string =>
  text.replaceAll('%0D', '\r').replaceAll('%0A', '\n').replaceAll('%25', '%');

const unescapeProperty = (text: string): string =>
  unescapeValue(text.replaceAll('%3A', ':').replaceAll('%2C', ','));

export interface CommandSink {
  show(text: string): void;
  mask(value: string): void;
  output(name: string, value: string): void;
  /** A command that GitHub no longer allows; the step fails. */
  forbid(message: string): void;
}

/** Reads a step's lines one by one; `::stop-commands::token` silences it until `::token::`. */
export function createCommandReader(sink: CommandSink): (line: string) => void {
  let resumeToken: string | undefined;
  return (line) => {
    const command = parseCommand(line);
    if (resumeToken !== undefined) {
      if (command?.name === resumeToken) resumeToken = undefined;
      else sink.show(line);
    } else if (command === undefined) {
      sink.show(line);
    } else if (command.name === 'stop-commands') {
      resumeToken = command.value.toLowerCase();
    } else {
      obey(command, line, sink);
    }
  };
}

const SHOWN = ['group', 'endgroup', 'error', 'warning', 'notice'];
const SILENT = ['debug', 'echo', 'add-matcher', 'remove-matcher', 'save-state'];
const FORBIDDEN: Readonly<Record<string, string>> = {
  'set-env': 'GITHUB_ENV',
  'add-path': 'GITHUB_PATH',
};

function obey(command: WorkflowCommand, line: string, sink: CommandSink): void {
  const { name, properties, value } = command;
  const file = FORBIDDEN[name];
  if (SHOWN.includes(name)) sink.show(`##[${name}]${place(properties)}${value}`);
  else if (name === 'add-mask') sink.mask(value);
  else if (name === 'set-output') sink.output(properties['name'] ?? '', value);
  else if (file !== undefined)
    sink.forbid(`The \`${name}\` command is disabled; write to ${file}.`);
  else if (!SILENT.includes(name)) sink.show(line);
}

function place({ file, line }: Readonly<Record<string, string>>): string {
  if (file === undefined) return '';
  return line === undefined ? `${file}: ` : `${file}:${line}: `;
}
