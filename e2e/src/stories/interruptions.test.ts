// Whatever ends `muster dev` before its time, nothing of ours runs on.
import { readdir, readFile, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { describe } from 'vitest';
import { processesOf } from './processes.ts';
import { writeFiles } from './repository.ts';
import { STORY, story } from './story.ts';

// It outlives its shell, its process group and a polite request.
const STUBBORN = `
on: push
jobs:
  stubborn:
    runs-on: demo
    steps:
      - run: |
          trap '' INT TERM HUP
          node -e "require('node:child_process').spawn('sleep', ['600'], { detached: true }).unref()"
          sleep 600 & sleep 600
`;

const RUNS = /job +stubborn: started/;

describe.concurrent('muster dev ends', STORY, () => {
  story.for([
    { name: 'at Ctrl-C while it starts', at: /muster +runs/, signal: 'SIGINT', to: 'group' },
    {
      name: 'at SIGINT while the operator starts',
      at: /operator/,
      signal: 'SIGINT',
      to: 'program',
    },
    { name: 'at Ctrl-C while a job runs', at: RUNS, signal: 'SIGINT', to: 'group' },
    { name: 'at SIGTERM while a job runs', at: RUNS, signal: 'SIGTERM', to: 'program' },
    {
      name: 'at Ctrl-C before there is anything to keep',
      at: RUNS,
      signal: 'SIGINT',
      to: 'group',
      options: ['--keep'],
    },
  ] as const)('$name', async ({ at, signal, to, ...wish }, { place, expect }) => {
    await writeFiles(place.desk, { 'stubborn.yml': STUBBORN });
    const options = 'options' in wish ? wish.options : [];
    const muster = place.muster('dev', 'stubborn.yml', ...options);
    await muster.says(at);
    if (to === 'group') muster.killGroup(signal);
    else muster.kill(signal);
    const { code, err } = await muster.ended;
    expect({ code, err }).toEqual({ code: 130, err: '' });
    expect(await processesOf(place.temp)).toEqual([]);
  });

  story('when nobody reads what it says', async ({ place, expect }) => {
    await writeFiles(place.desk, { 'stubborn.yml': STUBBORN });
    const muster = place.muster('dev', 'stubborn.yml');
    await muster.says(/operator/);
    muster.closeOutput();
    const { code, err } = await muster.ended;
    expect({ code, err }).toEqual({ code: 130, err: '' });
  });

  story('with one line when a program of its dies', async ({ place, expect }) => {
    await writeFiles(place.desk, { 'stubborn.yml': STUBBORN });
    const muster = place.muster('dev', 'stubborn.yml');
    await muster.says(RUNS);
    const [simulator] = (await processesOf(place.temp)).filter(({ command }) =>
      command.includes('simulator/src/main.ts'),
    );
    if (simulator === undefined) throw new Error('there is no simulator');
    process.kill(simulator.pid, 'SIGKILL');
    const { code, err } = await muster.ended;
    expect({ code, err }).toEqual({
      code: 1,
      err: 'muster: the simulator ended by itself (SIGKILL)\n',
    });
  });

  story(
    'at SIGKILL: its folder stays, with logs and without credentials',
    async ({ place, expect }) => {
      await writeFiles(place.desk, { 'stubborn.yml': STUBBORN });
      const muster = place.muster('dev', 'stubborn.yml');
      await muster.says(RUNS);
      muster.kill('SIGKILL');
      await muster.ended;
      await expect.poll(() => processesOf(place.temp), { timeout: 10_000 }).toEqual([]);
      const [folder = ''] = await readdir(place.temp);
      const left = await readdir(join(place.temp, folder), { recursive: true });
      expect(left.toSorted()).toEqual([
        'cluster',
        'devcluster.log',
        'images.json',
        'simulator.log',
      ]);
      for (const log of ['devcluster.log', 'simulator.log']) {
        expect(await readFile(join(place.temp, folder, log), 'utf8')).not.toMatch(/token|secret/i);
      }
      await rm(join(place.temp, folder), { recursive: true });
    },
  );
});
