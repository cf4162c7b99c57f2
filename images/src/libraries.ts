// The shared libraries that a program needs, from this machine, with what they are and under which licence.
import { execFile } from 'node:child_process';
import { readFile, realpath } from 'node:fs/promises';
import { basename } from 'node:path';
import { promisify } from 'node:util';

const run = promisify(execFile);

export interface Library {
  /** Where the program looks for it. */
  path: string;
  content: Buffer;
  project: 'glibc' | 'gcc';
  licence: string;
  /** The machine's package, when it has Debian's package manager. */
  package?: DebianPackage;
}

interface DebianPackage {
  name: string;
  version: string;
  architecture: string;
  /** The whole text of its licences. */
  copyright: string;
}

const GLIBC = { project: 'glibc', licence: 'LGPL-2.1-or-later' } as const;
const GCC = { project: 'gcc', licence: 'GPL-3.0-or-later WITH GCC-exception-3.1' } as const;

/** What may go into the image: a library that is not here has not been looked at. */
const KNOWN: readonly { pattern: RegExp; is: Pick<Library, 'project' | 'licence'> }[] = [
  { pattern: /^(libc|libm|libdl|libpthread|librt|ld-linux[\w-]*)\.so\.\d+$/, is: GLIBC },
  { pattern: /^(libstdc\+\+|libgcc_s|libatomic)\.so\.\d+$/, is: GCC },
];

export async function librariesOf(program: string): Promise<Library[]> {
  const { stdout } = await run('ldd', [program]);
  return Promise.all(pathsIn(stdout).map(libraryAt));
}

/** From what `ldd` prints. The kernel's own library (vdso) has no file. */
export function pathsIn(output: string): string[] {
  const missing = /^\s*(\S+) => not found/m.exec(output);
  if (missing) throw new Error(`this machine has no ${missing[1] ?? 'library'}`);
  return [...output.matchAll(/^\s*(?:\S+ => )?(\/\S+) \(0x/gm)].map(([, path = '']) => path).sort();
}

async function libraryAt(path: string): Promise<Library> {
  const name = basename(path);
  const known = KNOWN.find(({ pattern }) => pattern.test(name));
  if (known === undefined) throw new Error(`${name} is no library that the image is known to need`);
  const owner = await packageOf([path, await realpath(path)]);
  return {
    path,
    content: await readFile(path),
    ...known.is,
    ...(owner !== undefined && { package: owner }),
  };
}

/** A library may be registered under its path before or after /lib became a link to /usr/lib. */
async function packageOf(paths: readonly string[]): Promise<DebianPackage | undefined> {
  for (const path of paths.flatMap((one) => [one, `/usr${one}`, one.replace(/^\/usr/, '')])) {
    const found = await ask('dpkg-query', ['--search', path]);
    const owner = found?.slice(0, found.lastIndexOf(': '));
    if (owner === undefined) continue;
    const format = '${Package} ${Version} ${Architecture}';
    const [name = '', version = '', architecture = ''] =
      (await ask('dpkg-query', ['--show', `--showformat=${format}`, owner]))?.split(' ') ?? [];
    const copyright = await readFile(`/usr/share/doc/${name}/copyright`, 'utf8');
    return { name, version, architecture, copyright };
  }
  return undefined;
}

/** What it prints, or nothing when it says no or is not there. */
const ask = (program: string, args: readonly string[]): Promise<string | undefined> =>
  run(program, args).then(
    ({ stdout }) => stdout,
    () => undefined,
  );
