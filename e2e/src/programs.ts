// Programs that a machine may lack, and where they are looked for.
import { access, constants } from 'node:fs/promises';
import { join } from 'node:path';
import { PROGRAM_FOLDERS } from './stories/config.ts';

/** The path of the first of its name on PATH or among the programs of the local cluster. */
export async function findProgram(name: string): Promise<string | undefined> {
  for (const folder of PROGRAM_FOLDERS) {
    const path = join(folder, name);
    const isThere = await access(path, constants.X_OK).then(
      () => true,
      () => false,
    );
    if (isThere) return path;
  }
  return undefined;
}
