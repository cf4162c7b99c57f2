// The image table of the node: what an image's programs are on this machine.
import { fileURLToPath } from 'node:url';

/** As the charts name them; nothing is pulled. */
export const IMAGES = {
  muster: 'ghcr.io/muster-runners/muster:0.1.0',
  runner: 'ghcr.io/actions/actions-runner:latest',
} as const;

export interface ImageTable {
  images: Record<
    string,
    { entrypoint: string[]; programs: Record<string, string[]>; env: Record<string, string> }
  >;
}

export const programFile = (specifier: string): string =>
  fileURLToPath(import.meta.resolve(specifier));

interface Machine {
  node: string;
  /** Keeps compiled programs, so that the next start is quicker. */
  cache: string;
}

/** The images by the names that a cluster knows them by. */
export function imageTable(
  { node, cache }: Machine,
  images: Record<keyof typeof IMAGES, string> = IMAGES,
): ImageTable {
  const program = (specifier: string): string[] => [node, programFile(specifier)];
  const env = { NODE_COMPILE_CACHE: cache };
  const [manager, listener] = ['@muster/controller/main', '@muster/listener/main'].map(program);
  const runner = program('@muster/simulator/runner');
  if (manager === undefined || listener === undefined) throw new Error('a program is missing');
  return {
    images: {
      [images.muster]: {
        entrypoint: manager,
        programs: { '/manager': manager, '/ghalistener': listener },
        env,
      },
      [images.runner]: {
        entrypoint: runner,
        programs: { '/home/runner/run.sh': runner },
        // As GitHub's runner it goes through the proxy of its environment.
        env: { ...env, NODE_USE_ENV_PROXY: '1' },
      },
    },
  };
}
