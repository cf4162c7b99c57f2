// What both ways between ARC and Muster are told with: our releases under the names of ARC's, and GitHub as ARC's programs reach it.
import { createActionsClient } from '@muster/actions';
import type { ActionsClient } from '@muster/actions';
import { CONTROLLER, SCALE_SET } from '../../charts/helm.ts';
import type { GitHub } from '../github.ts';
import type { Ground } from '../ground.ts';
import type { Release } from '../stage.ts';
import { operatorValues, scaleSetValues } from '../values.ts';
import type { ScaleSetValues } from '../values.ts';
import type { ArcNames } from './objects.ts';

export const ORGANIZATION = 'my-org';

export const ourOperator = ({ system }: ArcNames, ground: Ground): Release => ({
  ...{ name: 'arc', namespace: system, chart: CONTROLLER },
  values: operatorValues(ground),
});

export const ourScaleSet = (
  { set, runners }: ArcNames,
  { ground, github }: { ground: Ground; github: GitHub },
  values: Omit<ScaleSetValues, 'githubConfigUrl'> = {},
): Release => ({
  ...{ name: set, namespace: runners, chart: SCALE_SET },
  values: scaleSetValues(ground, {
    githubConfigUrl: `${github.url}/${ORGANIZATION}`,
    maxRunners: 3,
    ...values,
  }),
});

export const arcsClient = ({ listen }: Ground, { port }: GitHub): ActionsClient =>
  createActionsClient({
    configUrl: `http://${listen}:${port}/${ORGANIZATION}`,
    credentials: { kind: 'token', token: 'a-token' },
    userAgent: { version: '0.14.2', subsystem: 'arc' },
  });
