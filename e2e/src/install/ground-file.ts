// The one file that tells the stories of their cluster; `pnpm e2e` writes it.
import { readFile } from 'node:fs/promises';
import { CONFIG } from './config.ts';
import type { Ground } from './ground.ts';

export async function thisGround(): Promise<Ground> {
  const file = CONFIG.MUSTER_E2E_GROUND;
  if (file === undefined) throw new Error('these stories are told by `pnpm e2e`');
  return JSON.parse(await readFile(file, 'utf8')) as Ground;
}
