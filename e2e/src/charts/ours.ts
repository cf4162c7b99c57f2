// The values that ARC's charts have not.
import { CONTROLLER, SCALE_SET } from './helm.ts';

export const OURS = {
  [CONTROLLER]: [
    ...['podDisruptionBudget', 'networkPolicy', 'podMonitor', 'grafanaDashboard', 'crds'],
    // Helm's own.
    'global',
  ],
  // `nameOverride` has no effect in ARC's chart, and none in ours.
  [SCALE_SET]: [
    'dind',
    'podDisruptionBudget',
    'nameOverride',
    'controllerServiceAccount.verify',
    'global',
  ],
} as const;
