// `hashFiles()` of expressions: one hash over all matching files, nothing when none matches.
import { createHash } from 'node:crypto';
import { globSync, readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';

export function hashFiles(patterns: readonly string[], workspace: string): string {
  const chosen = new Set<string>();
  for (const pattern of patterns) {
    const isExclusion = pattern.startsWith('!');
    for (const path of globSync(pattern.replace(/^!/, ''), { cwd: workspace })) {
      if (isExclusion) chosen.delete(path);
      else chosen.add(path);
    }
  }
  const files = [...chosen].map((path) => join(workspace, path)).sort();
  const hash = createHash('sha256');
  const regular = files.filter((file) => statSync(file).isFile());
  for (const file of regular) hash.update(createHash('sha256').update(readFileSync(file)).digest());
  return regular.length === 0 ? '' : hash.digest('hex');
}
