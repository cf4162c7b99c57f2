import type { SystemInfo } from './options.ts';

/** GitHub's own form: a JSON object, its keys in this order, all of them always there. */
export function userAgent(system: SystemInfo, scaleSetId = system.scaleSetId ?? 0): string {
  const { version, commitSha = 'unknown' } = system;
  const json = JSON.stringify({
    system: system.system ?? 'muster',
    version,
    commit_sha: commitSha,
    scale_set_id: scaleSetId,
    subsystem: system.subsystem,
    build_version: version,
    build_commit_sha: commitSha,
    kind: 'scaleset',
  });
  // A header holds ASCII only.
  return json.replace(
    /[^\x20-\x7e]/g,
    (unit) => `\\u${unit.charCodeAt(0).toString(16).padStart(4, '0')}`,
  );
}
