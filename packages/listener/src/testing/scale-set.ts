// A scale set for tests: say only what matters.
import type { ListenedScaleSet } from '@muster/api';

export const aScaleSet = (change: Partial<ListenedScaleSet> = {}): ListenedScaleSet => ({
  configUrl: 'https://github.com/my-org',
  credentials: { kind: 'token', token: 'planted' },
  scaleSetId: 1,
  runnerSetName: 'linux',
  setNamespace: 'runners',
  setName: 'linux',
  minRunners: 0,
  maxRunners: 5,
  ...change,
});
