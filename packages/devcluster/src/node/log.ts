// One run of a container: what it writes, kept with times, and read again, also while it grows.
import { open } from 'node:fs/promises';
import { closeSync, openSync, writeSync } from 'node:fs';
import type { LogOptions } from '../logs.ts';
import type { Clock } from './clock.ts';
import { systemClock } from './clock.ts';

/** Which part of a log, and how. */
export type LogView = Partial<Omit<LogOptions, 'container' | 'previous'>>;

const CHUNK = 64 * 1024;
const NEWLINE = 0x0a;
/** `2026-11-21T10:00:00.123Z ` */
const STAMP = 25;
/** The stamp, `F` or `P`, and a space. */
const HEAD = STAMP + 2;
const PART = 'P'.charCodeAt(0);
/** A line without an end is kept in parts of this size, as container runtimes do. */
const MOST_PART = 16 * 1024;

/**
 * As in the log files of container runtimes a line of the file is a time of fixed length, `F` for a
 * full line or `P` for a part that had no end of its own, and the text. Full lines are stored at the
 * time of their end, so that two streams never mix inside a line.
 */
export class ContainerLog {
  readonly #path: string;
  readonly #clock: Clock;
  readonly #fd: number;
  readonly #waiting = new Set<() => void>();
  #ended = false;

  constructor(path: string, clock: Clock = systemClock) {
    this.#path = path;
    this.#clock = clock;
    this.#fd = openSync(path, 'w', 0o600);
  }

  /** A writer for one stream of the process. */
  writer(): { write(chunk: Buffer): void; end(): void } {
    let rest: Buffer = Buffer.alloc(0);
    return {
      write: (chunk) => {
        const all = rest.length === 0 ? chunk : Buffer.concat([rest, chunk]);
        let end = all.lastIndexOf(NEWLINE) + 1;
        if (end > 0) this.#append(all.subarray(0, end));
        for (; all.length - end >= MOST_PART; end += MOST_PART) {
          this.#append(all.subarray(end, end + MOST_PART));
        }
        rest = Buffer.from(all.subarray(end));
      },
      end: () => {
        if (rest.length > 0) this.#append(rest);
        rest = Buffer.alloc(0);
      },
    };
  }

  end(): void {
    if (this.#ended) return;
    this.#ended = true;
    closeSync(this.#fd);
    this.#wake();
  }

  #append(text: Buffer): void {
    if (this.#ended) return;
    const stamp = new Date(this.#clock.now()).toISOString();
    const pieces: Buffer[] = [];
    for (let from = 0; from < text.length;) {
      const to = text.indexOf(NEWLINE, from) + 1;
      const line = text.subarray(from, to === 0 ? undefined : to);
      pieces.push(Buffer.from(`${stamp} ${to === 0 ? 'P' : 'F'} `), line);
      if (to === 0) pieces.push(Buffer.from('\n'));
      from += line.length;
    }
    writeSync(this.#fd, Buffer.concat(pieces));
    this.#wake();
  }

  #wake(): void {
    for (const wake of this.#waiting) wake();
    this.#waiting.clear();
  }

  /** Reads from the start; with `follow` it ends when the container's run does. */
  read(options: LogView, signal: AbortSignal): ReadableStream<Uint8Array> {
    return ReadableStream.from(this.#bytes(options, signal));
  }

  async *#bytes(options: LogView, signal: AbortSignal): AsyncGenerator<Uint8Array> {
    const { timestamps = false, limitBytes = Infinity } = options;
    let left = limitBytes;
    for await (const line of this.#lines(options, signal)) {
      if (left <= 0) return;
      const text = textOf(line, timestamps).subarray(0, left);
      left -= text.length;
      yield text;
    }
  }

  async *#lines(options: LogView, signal: AbortSignal): AsyncGenerator<Buffer> {
    const isWanted = await this.#filter(options);
    const file = await open(this.#path, 'r');
    try {
      const reader = new LineReader(file);
      for (;;) {
        const ended = this.#ended;
        yield* reader.available(isWanted);
        if (ended || options.follow !== true || signal.aborted) return;
        await this.#more(reader.position, signal);
      }
    } finally {
      await file.close();
    }
  }

  async #filter({ sinceSeconds, tailLines }: LogView): Promise<(line: Buffer) => boolean> {
    const since = this.#clock.now() - (sinceSeconds ?? Infinity) * 1000;
    let skip = tailLines === undefined ? 0 : (await countLines(this.#path)) - tailLines;
    return (line) => {
      if (skip-- > 0) return false;
      return since === -Infinity || timeOf(line) >= since;
    };
  }

  /** Resolves when the file is longer than that, or will not grow any more. */
  async #more(position: number, signal: AbortSignal): Promise<void> {
    const file = await open(this.#path, 'r');
    try {
      await new Promise<void>((resolve) => {
        const done = (): void => {
          signal.removeEventListener('abort', done);
          this.#waiting.delete(done);
          resolve();
        };
        this.#waiting.add(done);
        signal.addEventListener('abort', done, { once: true });
        // Only after enlisting: what was written in between would wake nobody.
        void file.stat().then(({ size }) => {
          if (size > position || this.#ended || signal.aborted) done();
        }, done);
      });
    } finally {
      await file.close();
    }
  }
}

/** What a reader sees: the mark goes, and the end that the file gave to a part. */
function textOf(line: Buffer, timestamps: boolean): Buffer {
  const text = line.subarray(HEAD, line[STAMP] === PART ? -1 : undefined);
  return timestamps ? Buffer.concat([line.subarray(0, STAMP), text]) : text;
}

const timeOf = (line: Buffer): number => Date.parse(line.toString('latin1', 0, STAMP - 1));

type FileHandle = Awaited<ReturnType<typeof open>>;

class LineReader {
  readonly #file: FileHandle;
  #rest: Buffer = Buffer.alloc(0);
  position = 0;

  constructor(file: FileHandle) {
    this.#file = file;
  }

  /** The whole lines that the file has now, were not read yet and are wanted. */
  async *available(isWanted: (line: Buffer) => boolean): AsyncGenerator<Buffer> {
    const chunk = Buffer.alloc(CHUNK);
    for (;;) {
      const { bytesRead } = await this.#file.read(chunk, 0, CHUNK, this.position);
      if (bytesRead === 0) return;
      this.position += bytesRead;
      const all = Buffer.concat([this.#rest, chunk.subarray(0, bytesRead)]);
      let from = 0;
      for (let to = all.indexOf(NEWLINE); to >= 0; to = all.indexOf(NEWLINE, from)) {
        const line = all.subarray(from, to + 1);
        from = to + 1;
        if (isWanted(line)) yield line;
      }
      this.#rest = all.subarray(from);
    }
  }
}

async function countLines(path: string): Promise<number> {
  const file = await open(path, 'r');
  try {
    let lines = 0;
    const count = (): boolean => {
      lines += 1;
      return false;
    };
    await new LineReader(file).available(count).next();
    return lines;
  } finally {
    await file.close();
  }
}
