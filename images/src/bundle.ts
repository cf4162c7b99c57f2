// Programs as the image has them: what they import in few files, no node_modules.
import { build } from 'esbuild';
import type { Metafile } from 'esbuild';

/** Some libraries are CommonJS and ask for what Node has by `require`. */
const REQUIRE =
  "import { createRequire } from 'node:module'; const require = createRequire(import.meta.url);";

/** Writes NAME.mjs for each entry point into the folder; tells what went into them. */
export async function bundle(
  entryPoints: Readonly<Record<string, string>>,
  folder: string,
): Promise<Metafile> {
  const { metafile } = await build({
    entryPoints,
    outdir: folder,
    outExtension: { '.js': '.mjs' },
    bundle: true,
    // What is imported when it is needed stays apart: a token needs no code for Apps.
    splitting: true,
    format: 'esm',
    platform: 'node',
    target: 'node24',
    minify: true,
    metafile: true,
    banner: { js: REQUIRE },
    // For kubeconfig files only, which a pod has none of (design.md, 2).
    external: ['@kubernetes/client-node'],
    logLevel: 'error',
  });
  return metafile;
}
