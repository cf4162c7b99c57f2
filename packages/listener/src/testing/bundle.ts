// The program as the image has it: bundled, and a small file that turns the compile cache on before it.
import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { bundle } from '@muster/images/bundle';

const MAIN = fileURLToPath(new URL('../main.ts', import.meta.url));

/** Makes the bundle in the folder; gives the file to start. */
export async function bundleListener(folder: string): Promise<string> {
  await bundle({ ghalistener: MAIN }, folder);
  const cache = join(folder, 'compiled');
  await mkdir(cache, { recursive: true });
  const start = join(folder, 'start.mjs');
  await writeFile(
    start,
    `import { enableCompileCache, flushCompileCache } from 'node:module';
enableCompileCache({ directory: ${JSON.stringify(cache)}, portable: true });
setTimeout(flushCompileCache, 3000).unref();
await import('./ghalistener.mjs');
`,
  );
  return start;
}
