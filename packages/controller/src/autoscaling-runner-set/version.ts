// Which versions' objects this program understands (design.md, decision 2).
import { label, LABELS } from '@muster/api';
import type { AutoscalingRunnerSet } from '@muster/api';

// ARC's first release with this API group's patch contract.
const OLDEST_ARC_MINOR = 9;

/** ARC's 0.9 and newer, this program's own major.minor, and objects that do not say. */
export function isKnownVersion(runnerSet: AutoscalingRunnerSet, own: string): boolean {
  const version = label(runnerSet, LABELS.version);
  if (version === undefined || /^(dev|canary-.*)$/.test(version)) return true;
  const { major, minor } = partsOf(version);
  const { major: ownMajor, minor: ownMinor } = partsOf(own);
  const isArcs = major === 0 && minor >= OLDEST_ARC_MINOR;
  return isArcs || (major === ownMajor && minor === ownMinor);
}

function partsOf(version: string): { major: number; minor: number } {
  const [, major = '-1', minor = '0'] = /^v?(\d+)(?:\.(\d+))?(?:[.-]|$)/.exec(version) ?? [];
  return { major: Number(major), minor: Number(minor) };
}
