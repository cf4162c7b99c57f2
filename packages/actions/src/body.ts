// An answer's body as text, whatever the far side makes of it: packed or not, and never more than a program can hold.
import { promisify } from 'node:util';
import { gunzip } from 'node:zlib';

// A message of fifty jobs has some 50 KiB. More than this is no answer of the service's.
export const LARGEST_BYTES = 16 * 1024 * 1024;

const unpacked = promisify(gunzip);

/** Throws when there is too much of it; that closes its socket. */
export async function textOf(
  body: AsyncIterable<Buffer>,
  encoding: string | undefined,
): Promise<string> {
  const bytes = await bytesOf(body);
  // Some answer with a 202 whose empty body they call packed.
  if (bytes.length === 0 || !/^(?:x-)?gzip$/i.test(encoding ?? '')) return bytes.toString();
  try {
    return (await unpacked(bytes, { maxOutputLength: LARGEST_BYTES })).toString();
  } catch (error) {
    throw isOverflow(error) ? tooLarge() : error;
  }
}

async function bytesOf(body: AsyncIterable<Buffer>): Promise<Buffer> {
  const chunks: Buffer[] = [];
  let length = 0;
  for await (const chunk of body) {
    length += chunk.length;
    if (length > LARGEST_BYTES) throw tooLarge();
    chunks.push(chunk);
  }
  return Buffer.concat(chunks);
}

const isOverflow = (error: unknown): boolean =>
  error instanceof Error && 'code' in error && error.code === 'ERR_BUFFER_TOO_LARGE';

const tooLarge = (): Error =>
  Object.assign(new Error(`the answer is larger than ${LARGEST_BYTES / 1024 / 1024} MiB`), {
    code: 'ERR_ANSWER_TOO_LARGE',
  });
