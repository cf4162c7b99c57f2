// What a container says of its end: a file that it may write, else the end of its log.
import { open } from 'node:fs/promises';
import type { ContainerLog } from './log.ts';
import type { Container } from './pod.ts';
import type { Exit } from './process.ts';

const MOST_BYTES = 4096;
const MOST_LOG_BYTES = 2048;
const MOST_LOG_LINES = 80;

export async function lastWords(
  { terminationMessagePolicy }: Container,
  { exitCode }: Exit,
  { path, log }: { path: string; log: ContainerLog },
): Promise<string> {
  const words = await startOf(path);
  if (words !== '' || exitCode === 0) return words;
  if (terminationMessagePolicy !== 'FallbackToLogsOnError') return '';
  const tail = await new Response(
    log.read({ tailLines: MOST_LOG_LINES }, new AbortController().signal),
  ).text();
  return Buffer.from(tail).subarray(-MOST_LOG_BYTES).toString();
}

async function startOf(path: string): Promise<string> {
  const file = await open(path, 'r');
  try {
    const { buffer, bytesRead } = await file.read(Buffer.alloc(MOST_BYTES), 0, MOST_BYTES, 0);
    return buffer.toString('utf8', 0, bytesRead);
  } finally {
    await file.close();
  }
}
