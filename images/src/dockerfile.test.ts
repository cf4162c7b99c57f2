// Docker's image and ours are made apart; what both must say is held together here.
import { readFile } from 'node:fs/promises';
import { expect, test } from 'vitest';
import { nodePackage } from './base.ts';
import { NODE, UID } from './programs.ts';

const dockerfile = await readFile(new URL('../Dockerfile', import.meta.url), 'utf8');

test('the Dockerfile has the Node of the workspace', async () => {
  const { version } = await nodePackage();
  expect(dockerfile).toContain(`ARG NODE=docker.io/library/node:${version}-`);
});

test('the Dockerfile puts Node where the programs look for it, and runs them as the same user', () => {
  expect(dockerfile).toContain(`COPY --from=node /usr/local/bin/node ${NODE}\n`);
  expect(dockerfile).toContain(`USER ${UID}:${UID}\n`);
  expect(dockerfile).toContain('ENTRYPOINT ["/manager"]\n');
});

test('the last stage has no command that could need a shell', () => {
  const last = dockerfile.slice(dockerfile.lastIndexOf('FROM '));
  expect(last).not.toMatch(/^(RUN|CMD)/m);
});
