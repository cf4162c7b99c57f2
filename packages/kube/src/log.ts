// Structured lines for people (text) or for machines (JSON). Never a secret: errors give only their words.
import winston from 'winston';
import { formatJson } from './json.ts';
import type { Log } from './types.ts';

export interface LogOptions {
  level: 'debug' | 'info' | 'warn' | 'error';
  format: 'text' | 'json';
  /** stderr when absent. */
  stream?: NodeJS.WritableStream;
}

type Fields = Record<string, unknown>;

interface Entry {
  level: string;
  message: string;
  ts: string;
  fields: Fields;
}

const MAX_CAUSES = 4;

/** An error's words and those of its causes that add something. */
function wordsOf(error: Error): string {
  const words: string[] = [];
  let next: unknown = error;
  for (let depth = 0; next instanceof Error && depth < MAX_CAUSES; depth += 1) {
    const { message } = next;
    if (message !== '' && !words.some((said) => said.includes(message))) words.push(message);
    next = next.cause;
  }
  return words.length === 0 ? error.name : words.join(': ');
}

const codeOf = (error: Error): string | undefined => {
  const { code } = error as { code?: unknown };
  return typeof code === 'string' ? code : undefined;
};

/** Without a code it is a slip in the program, and only the stack says where. */
const inJson = (error: Error): Fields => {
  const code = codeOf(error);
  return {
    message: wordsOf(error),
    ...(code === undefined ? { stack: error.stack } : { code }),
  };
};

const inText = (error: Error): string => {
  const code = codeOf(error);
  return wordsOf(error) + (code === undefined ? '' : ` (${code})`);
};

// Bare words need no quotes; everything else is JSON, which also keeps it on one line.
const BARE = /^[\w./:@+-]+$/;

function textOf(value: unknown): string {
  const plain = value instanceof Error ? inText(value) : value;
  if (typeof plain === 'string' && BARE.test(plain)) return plain;
  return safely(plain);
}

/** JSON, or a word where an object cannot be written (it may refer to itself). */
function safely(value: unknown): string {
  try {
    return formatJson(value);
  } catch {
    return '"(unprintable)"';
  }
}

function textLine({ level, message, ts, fields }: Entry): string {
  const told = Object.entries(fields)
    .filter(([, value]) => value !== undefined)
    .map(([key, value]) => ` ${key}=${textOf(value)}`);
  return `${ts} ${level.toUpperCase().padEnd(5)} ${oneLine(message)}${told.join('')}`;
}

const oneLine = (message: string): string => message.replaceAll(/\s*[\r\n]+\s*/g, ' ');

function jsonLine({ level, message, ts, fields }: Entry): string {
  const told = Object.entries(fields).map(([key, value]) => [
    key,
    value instanceof Error ? inJson(value) : value,
  ]);
  // Ours come last: a field cannot pass for the time or the message.
  const line = { ...(Object.fromEntries(told) as Fields), severity: level, ts, message };
  const written = safely(line);
  return written.startsWith('{') ? written : safely({ severity: level, ts, message });
}

const MESSAGE = Symbol.for('message');

/** A log on a stream; what is below `level` costs next to nothing. */
export function createLog({ level, format, stream = process.stderr }: LogOptions): Log {
  const line = format === 'text' ? textLine : jsonLine;
  const logger = winston.createLogger({
    level,
    levels: { error: 0, warn: 1, info: 2, debug: 3 },
    format: winston.format((info) => {
      info[MESSAGE] = line(info as unknown as Entry);
      return info;
    })(),
  });
  // eslint-disable-next-line @typescript-eslint/no-unsafe-class-instance-assignment -- winston's types name this class twice
  logger.add(new winston.transports.Stream({ stream, eol: '\n' }));
  const at =
    (name: LogOptions['level']) =>
    (message: string, fields: Fields = {}): void => {
      if (!logger.isLevelEnabled(name)) return;
      logger.log({ level: name, message, ts: new Date().toISOString(), fields });
    };
  return { debug: at('debug'), info: at('info'), warn: at('warn'), error: at('error') };
}
