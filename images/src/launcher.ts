// The first file of a program: it turns the compile cache on, and loads the bundle.

export interface Launch {
  /** Directory of the compile cache. */
  cache: string;
  /** Of the bundle. */
  module: string;
}

/** Node takes a file without an ending for CommonJS, which may import all the same. */
export const launcher = ({ cache, module }: Launch): string =>
  `require('node:module').enableCompileCache({ directory: '${cache}' });
import('${module}');
`;
