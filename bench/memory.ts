// What a process holds, on Linux.
import { readFileSync } from 'node:fs';

export interface Memory {
  /** In bytes; the text of Node is in it, which all processes of a machine share. */
  rss: number;
  /** Its own part of that. */
  anonymous: number;
}

/** Undefined where no system tells. */
export function memoryOf(pid: number = process.pid): Memory | undefined {
  try {
    const status = readFileSync(`/proc/${pid}/status`, 'utf8');
    const bytes = (name: string): number =>
      Number(new RegExp(`^${name}:\\s+(\\d+) kB$`, 'm').exec(status)?.[1]) * 1024;
    return { rss: bytes('VmRSS'), anonymous: bytes('RssAnon') };
  } catch {
    return undefined;
  }
}
