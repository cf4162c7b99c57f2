// Programs as the image has them: what they import in few files, no node_modules.
import { build } from 'esbuild';
import type { Metafile } from 'esbuild';

/** Some libraries are CommonJS and ask for what Node has by `require`. */
const REQUIRE =
  "import { createRequire } from 'node:module'; const require = createRequire(import.meta.url);";

/**
 * What V8 is told to save, before the bundle's first line and after Node's own modules were loaded: their compiled code, and the bundle's, is for
 * V8's usual options, and a start without it takes 70 ms longer.
 *
 * The HTTP parser is WebAssembly, and to compile it a second time, well, takes 14 MiB; the baseline compiler's code keeps up with all that these
 * programs hear. A young generation that stays at its first size is another 6 MiB of an idle listener, and 100 of a controller with a thousand
 * runners, for a tenth more of its time.
 */
const V8_OPTIONS = [
  '--no-wasm-tier-up',
  '--no-wasm-dynamic-tiering',
  '--semi-space-growth-factor=1',
];

const SAVE = `for (const option of ${JSON.stringify(V8_OPTIONS)}) process.getBuiltinModule('node:v8').setFlagsFromString(option);`;

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
    banner: { js: `${REQUIRE}\n${SAVE}` },
    // For kubeconfig files only, which a pod has none of (design.md, 2).
    external: ['@kubernetes/client-node'],
    logLevel: 'error',
  });
  return metafile;
}
