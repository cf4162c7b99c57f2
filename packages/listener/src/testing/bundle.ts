// The program as the image has it: bundled, and a small file that turns the compile cache on before it.
import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { build } from 'esbuild';

/** Some libraries are CommonJS and ask for what Node has by `require`. */
const REQUIRE =
  "import { createRequire } from 'node:module'; const require = createRequire(import.meta.url);";

/** Makes the bundle in the folder; gives the file to start. */
export async function bundleListener(folder: string): Promise<string> {
  await build({
    entryPoints: { ghalistener: fileURLToPath(new URL('../main.ts', import.meta.url)) },
    outdir: folder,
    outExtension: { '.js': '.mjs' },
    bundle: true,
    // What is imported when it is needed stays apart: a token needs no code for Apps.
    splitting: true,
    format: 'esm',
    platform: 'node',
    target: 'node24',
    minify: true,
    banner: { js: REQUIRE },
    // For kubeconfig files only, which a pod has none of (design.md, 2).
    external: ['@kubernetes/client-node'],
    logLevel: 'error',
  });
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
