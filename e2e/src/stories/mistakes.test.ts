// What a user gets wrong: one line a problem, exit 2, and nothing was started or left.
import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { describe } from 'vitest';
import { writeFiles } from './repository.ts';
import { STORY, story } from './story.ts';

const FILES = {
  'fine.yml': 'on: push\njobs:\n  a:\n    runs-on: demo\n    steps: [{ run: "true" }]\n',
  'torn.yml': 'on: push\njobs:\n  a: [1, 2\n',
  'incomplete.yml': 'on: push\njobs:\n  a:\n    steps: []\n  b:\n    steps: []\n',
};

describe.concurrent('muster dev refuses', STORY, () => {
  story.for([
    {
      args: ['nowhere.yml'],
      says: ['cannot read DESK/nowhere.yml: there is no such file or folder'],
    },
    {
      args: ['a-folder'],
      says: ['cannot read DESK/a-folder: it is a folder'],
    },
    {
      args: ['/dev/null'],
      says: ['cannot read /dev/null: it is not a regular file'],
    },
    {
      args: ['torn.yml'],
      says: [
        'torn.yml:4:1: Flow sequence in block collection must be sufficiently indented and end with a ]',
      ],
    },
    {
      args: ['incomplete.yml'],
      says: [
        'incomplete.yml:4:5: Required property is missing: runs-on',
        'incomplete.yml:6:5: Required property is missing: runs-on',
      ],
    },
    {
      args: ['fine.yml', 'torn.yml'],
      says: [
        'one workflow at a time: torn.yml is one too many (muster --help lists what there is)',
      ],
    },
    {
      args: ['fine.yml', '--no-such-option'],
      says: ["Unknown option '--no-such-option' (muster --help lists what there is)"],
    },
    {
      args: ['fine.yml', '--max-runners', '0'],
      says: [
        '--max-runners must be a whole number of at least 1, not "0" (muster --help lists what there is)',
      ],
    },
    {
      args: ['--stop', 'a-folder'],
      says: ['DESK/a-folder is no folder that --keep left'],
    },
  ])('$args', async ({ args, says }, { place, expect }) => {
    await writeFiles(place.desk, FILES);
    await mkdir(join(place.desk, 'a-folder'));
    const { code, out, err } = await place.muster('dev', ...args).ended;
    expect({ code, out, err: err.replaceAll(place.desk, 'DESK') }).toEqual({
      code: 2,
      out: '',
      err: says.map((line) => `muster: ${line}\n`).join(''),
    });
  });
});
