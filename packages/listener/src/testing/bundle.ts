// The program as the image has it: bundled, and started by the image's small file.
import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { bundle } from '@muster/images/bundle';
import { launcher } from '@muster/images/launcher';

const MAIN = fileURLToPath(new URL('../main.ts', import.meta.url));

/** Node writes the cache at an end of its own will only, and these programs are killed. */
const FLUSH = "setTimeout(require('node:module').flushCompileCache, 3000).unref();\n";

/** Makes the bundle in the folder; gives the file to start. */
export async function bundleListener(folder: string): Promise<string> {
  await bundle({ ghalistener: MAIN }, folder);
  const cache = join(folder, 'compiled');
  await mkdir(cache, { recursive: true });
  const start = join(folder, 'ghalistener');
  const module = join(folder, 'ghalistener.mjs');
  await writeFile(start, launcher({ cache, module }) + FLUSH);
  return start;
}
