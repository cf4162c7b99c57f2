// What the stories take from the environment they are run in.
import { homedir, tmpdir } from 'node:os';
import { delimiter, join } from 'node:path';
import { fileURLToPath } from 'node:url';

const { PATH = '', MUSTER_CLUSTER_HOME: clusterHome = '', LANG = 'C.UTF-8' } = process.env;

/** Of every program that a story starts, beneath what is the story's own. */
export const HOST_ENV = {
  PATH,
  LANG,
  // Halves the time to start a program, and most stories start one to see it end at once.
  NODE_COMPILE_CACHE: fileURLToPath(new URL('../../node_modules/.cache/muster', import.meta.url)),
} as const;

/** Where stories make their folders. */
export const PARENT = tmpdir();

/** Where programs are looked for that a machine may lack. */
export const PROGRAM_FOLDERS = [
  ...PATH.split(delimiter),
  join(clusterHome === '' ? join(homedir(), '.cache', 'muster-cluster') : clusterHome, 'bin'),
];
