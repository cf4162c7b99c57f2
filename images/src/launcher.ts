// The first file of a program: it tells V8 what to save, turns the compile cache on, and loads the bundle.

/**
 * What V8 is told before anything is compiled; compiled code is for one set of options.
 *
 * The HTTP parser is WebAssembly, and to compile it a second time, well, takes 14 MiB; the baseline compiler's code keeps up with
 * all that these programs hear. A young generation that stays at its first size is another 6 MiB of an idle listener, and 100 of
 * a controller with a thousand runners, for a tenth more of its time.
 */
export const V8_OPTIONS: readonly string[] = [
  '--no-wasm-tier-up',
  '--no-wasm-dynamic-tiering',
  '--semi-space-growth-factor=1',
];

export interface Launch {
  /** Directory of the compile cache. */
  cache: string;
  /** Of the bundle. */
  module: string;
}

/** Node takes a file without an ending for CommonJS, which may import all the same. */
export const launcher = ({ cache, module }: Launch): string =>
  [
    ...V8_OPTIONS.map((option) => `require('node:v8').setFlagsFromString('${option}');`),
    `require('node:module').enableCompileCache({ directory: '${cache}' });`,
    `import('${module}');`,
    '',
  ].join('\n');
