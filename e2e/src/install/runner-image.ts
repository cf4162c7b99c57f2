// A runner for the stories as an image: the simulator's runner program, and what a step's script needs. Never shipped.
import { mkdtemp, readdir, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import {
  archive,
  ARCHITECTURE,
  buildBase,
  bundle,
  file,
  folder,
  librariesOf,
} from '@muster/images';
import { NODE, nodePackage, program, treeOf } from '@muster/images';
import type { Entry, Tree } from '@muster/images';
import { programFile } from '../stories/program.ts';

/** Of this machine: a shell, and the little that our workflows call. */
const TOOLS = ['/bin/sh', '/bin/sleep', '/bin/cat'] as const;

const HOME = 'home/runner';

export async function buildRunnerImage(name: string): Promise<Buffer> {
  const base = await buildBase(await nodePackage());
  const { bytes } = await archive({
    name,
    architecture: ARCHITECTURE,
    created: 0,
    layers: [
      { tree: base.tree, createdBy: 'node and its libraries' },
      { tree: await runnerTree(), createdBy: 'runner' },
    ],
    config: {
      User: '1001:1001',
      Entrypoint: [`/${HOME}/run.sh`],
      // Node's own fetch obeys the proxy variables only when it is told to.
      Env: ['PATH=/bin', 'NODE_USE_ENV_PROXY=1', `HOME=/${HOME}`],
      WorkingDir: `/${HOME}`,
    },
  });
  return bytes;
}

async function runnerTree(): Promise<Tree> {
  const scratch = await mkdtemp(join(tmpdir(), 'muster-runner-image-'));
  try {
    await bundle({ runner: programFile('@muster/simulator/runner') }, scratch);
    const modules = await Promise.all(
      (await readdir(scratch)).map(async (name): Promise<[string, Entry]> => [
        `app/${name}`,
        file(await readFile(join(scratch, name))),
      ]),
    );
    const start = program(`#!${NODE}\nimport('/app/runner.mjs');\n`);
    return treeOf([
      ...modules,
      ...(await tools()),
      // Jobs write here, and the image's user is not who owns its files.
      [HOME, folder(0o1777)],
      [`${HOME}/run.sh`, start],
    ]);
  } finally {
    await rm(scratch, { recursive: true, force: true });
  }
}

async function tools(): Promise<[string, Entry][]> {
  const libraries = (await Promise.all(TOOLS.map((path) => librariesOf(path)))).flat();
  const files = await Promise.all(
    TOOLS.map(async (path): Promise<[string, Entry]> => [
      path.slice(1),
      program(await readFile(path)),
    ]),
  );
  return [
    ...files,
    ...libraries.map(({ path, content }): [string, Entry] => [path.slice(1), program(content)]),
  ];
}
