// The first file of a program: it tells V8 what to save, turns the compile cache on, and loads the bundle.

/**
 * What V8 is told before anything is compiled, a program at a time; compiled code is for one set of options.
 *
 * The HTTP parser is WebAssembly, and compiled well it takes 14 MiB of what an idle program has; the baseline compiler's code parses as
 * many messages as a listener ever hears. A young generation that stays at its first size is another 6 MiB.
 */
export const V8_OPTIONS = {
  manager: [],
  ghalistener: ['--no-wasm-tier-up', '--no-wasm-dynamic-tiering', '--semi-space-growth-factor=1'],
} as const;

export interface Launch {
  options: readonly string[];
  /** Directory of the compile cache. */
  cache: string;
  /** Of the bundle. */
  module: string;
}

/** Node takes a file without an ending for CommonJS, which may import all the same. */
export const launcher = ({ options, cache, module }: Launch): string =>
  [
    ...options.map((option) => `require('node:v8').setFlagsFromString('${option}');`),
    `require('node:module').enableCompileCache({ directory: '${cache}' });`,
    `import('${module}');`,
    '',
  ].join('\n');
