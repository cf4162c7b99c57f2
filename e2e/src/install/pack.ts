// `pnpm e2e:images FOLDER`: the images for the nodes of a cluster that KUBECONFIG names, and `env`, the variables that name them.
import { mkdir, writeFile } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import process from 'node:process';
import { WHOLE_ENV } from './config.ts';
import { IMAGES, packImages } from './images.ts';

const [, , name] = process.argv;
if (name === undefined) throw new Error('usage: pnpm e2e:images FOLDER');
const folder = resolve(WHOLE_ENV['INIT_CWD'] ?? process.cwd(), name);
await mkdir(folder, { recursive: true });
await packImages(folder);
const env = `MUSTER_E2E_IMAGE=${IMAGES.muster}\nMUSTER_E2E_RUNNER_IMAGE=${IMAGES.runner}\n`;
await writeFile(join(folder, 'env'), env);
