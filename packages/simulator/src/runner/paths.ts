// The folders of a job, laid out as GitHub's runner does.
import { mkdir, writeFile } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import type { JobPayload } from '../workflow/payload.ts';

export interface Paths {
  /** `_work/<repository>/<repository>`. */
  readonly workspace: string;
  /** `_work/<repository>`. */
  readonly pipeline: string;
  readonly temp: string;
  readonly toolCache: string;
  readonly commandFiles: string;
  readonly eventFile: string;
}

export async function preparePaths(workFolder: string, payload: JobPayload): Promise<Paths> {
  const work = resolve(workFolder);
  const pipeline = join(work, payload.repository.name);
  const temp = join(work, '_temp');
  const paths = {
    workspace: join(pipeline, payload.repository.name),
    pipeline,
    temp,
    toolCache: join(work, '_tool'),
    commandFiles: join(temp, '_runner_file_commands'),
    eventFile: join(temp, '_github_workflow', 'event.json'),
  };
  const folders = [paths.workspace, paths.toolCache, join(temp, '_github_workflow')];
  for (const folder of folders) await mkdir(folder, { recursive: true });
  await writeFile(paths.eventFile, JSON.stringify(payload.contexts.github['event'] ?? {}, null, 2));
  // Scripts lie in the temporary folder; a package.json further up must not say of what kind they are.
  await writeFile(join(temp, 'package.json'), '{}\n');
  return paths;
}
