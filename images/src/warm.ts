// Runs a program of a folder as if it were in another, to fill Node's compile cache: `warm.ts CACHE FOLDER HOME NAME`.
//
// Compiled code holds hashes of strings, which V8 seeds anew for each process. Started with `--hash-seed`,
// the same program gives the same bytes; here the option is taken back before anything is compiled, because V8
// refuses code that was made under other options than its own. Compiled code also holds its module's path.
import { readFileSync } from 'node:fs';
import { enableCompileCache, registerHooks } from 'node:module';
import { join } from 'node:path';
import process from 'node:process';
import { pathToFileURL } from 'node:url';
import { setFlagsFromString } from 'node:v8';

const [, , cache = '', folder = '', home = '', name = ''] = process.argv;
const base = pathToFileURL(`${home}/`).href;

setFlagsFromString('--hash-seed=0');
registerHooks({
  resolve(specifier, context, next) {
    // What is bundled asks by a path for its own parts, by a bare name for what Node has.
    const url = /^(\.|file:)/.test(specifier) ? new URL(specifier, context.parentURL).href : '';
    if (!url.startsWith(base)) return next(specifier, context);
    return { url, format: 'module', shortCircuit: true };
  },
  load(url, context, next) {
    if (!url.startsWith(base)) return next(url, context);
    const source = readFileSync(join(folder, url.slice(base.length)), 'utf8');
    return { format: 'module', source, shortCircuit: true };
  },
});
enableCompileCache({ directory: cache });
await import(new URL(name, base).href);
