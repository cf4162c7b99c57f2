// What `pnpm e2e` takes from the environment.
import { readFileSync } from 'node:fs';
import process from 'node:process';
import { z } from 'zod';

const text = z.string().min(1).optional();

const variables = z.object({
  /** Any cluster whose administrator we are. Its nodes have, or pull, the images that the next two name. */
  KUBECONFIG: text,
  MUSTER_E2E_IMAGE: text,
  MUSTER_E2E_RUNNER_IMAGE: text,
  /** Where its pods reach this machine, and where servers for them listen. */
  MUSTER_E2E_HOST: text,
  MUSTER_E2E_LISTEN: text,
  /** The file that tells the stories of their cluster; `pnpm e2e` writes it. */
  MUSTER_E2E_GROUND: text,
});

/** An empty variable counts as none. */
export const CONFIG = variables.parse(
  Object.fromEntries(Object.entries(process.env).filter(([, value]) => value !== '')),
);

/** For what starts a local cluster, which reads more than we know of. */
export const WHOLE_ENV = process.env;

export const { version: VERSION } = z
  .object({ version: z.string() })
  .parse(JSON.parse(readFileSync(new URL('../../package.json', import.meta.url), 'utf8')));
