// Watches the mounted file, so that sets come and go without a restart. A kubelet swaps a link above
// it; looking at what the path leads to finds that out on every file system.
import { readFile, stat } from 'node:fs/promises';
import { ConfigError, parseListenerConfig } from '@muster/api';
import { pause } from './deps.ts';
import type { ListenerConfig } from '@muster/api';
import type { Clock, Log } from '@muster/kube';

export interface Reload {
  /** The file's real place. */
  path: string;
  /** As the process read it; what changed since is a change too. */
  content: string;
  clock: Clock;
  log: Log;
  /** Called with each configuration that differs from the last, one at a time. */
  onChange: (config: ListenerConfig) => Promise<void>;
}

const LOOK_MS = 2_000;

/** Watches until the signal. A file that is broken or gone changes nothing. */
export async function watchConfig(
  { path, content: atStart, clock, log, onChange }: Reload,
  signal: AbortSignal,
): Promise<void> {
  const isOver = (): boolean => signal.aborted;
  let mark: string | undefined;
  let content = atStart;
  while (!isOver()) {
    await pause(clock, LOOK_MS, signal);
    const found = await markOf(path);
    if (isOver() || found === undefined || found === mark) continue;
    mark = found;
    const text = await readFile(path, 'utf8').catch(() => undefined);
    if (text === undefined || text === content) continue;
    content = text;
    try {
      const config = parseListenerConfig(text);
      log.info('the configuration has changed', { sets: config.scaleSets.length });
      await onChange(config);
    } catch (error) {
      if (!(error instanceof ConfigError)) throw error;
      log.error('the new configuration is broken; the old one holds', { problems: error.problems });
    }
  }
}

/** Another file of the same path, or another content, has another mark. */
async function markOf(path: string): Promise<string | undefined> {
  try {
    const { ino, mtimeMs, size } = await stat(path);
    return [ino, mtimeMs, size].join(' ');
  } catch {
    return undefined;
  }
}
