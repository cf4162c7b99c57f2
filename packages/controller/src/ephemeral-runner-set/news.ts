// What of a new status is worth an Event (design.md, decision 4). Decides only.
import type { Condition, EphemeralRunnerSet } from '@muster/api';
import type { PlannedAction } from '@muster/kube';
import type { Report } from './report.ts';

type News = Required<Pick<PlannedAction, 'because' | 'event'>>;

/** Reasons of the condition RolledOut that people wait for, or should look at. */
const ROLL_NEWS: Record<string, 'Normal' | 'Warning'> = {
  Rolling: 'Normal',
  Draining: 'Normal',
  RollStopped: 'Warning',
};

export function newsOf(set: EphemeralRunnerSet, report: Report): News | undefined {
  return blockedNews(set, report) ?? rollNews(set, report) ?? failedNews(set, report);
}

const conditionOf = (type: string, conditions: readonly Condition[] | undefined) =>
  conditions?.find((condition) => condition.type === type);

function blockedNews({ status }: EphemeralRunnerSet, report: Report): News | undefined {
  const reason = report.blocked?.reason;
  if (reason === undefined || reason === status?.blocked?.reason) return undefined;
  const { message = reason } = conditionOf('Ready', report.conditions) ?? {};
  return { because: message, event: { type: 'Warning', reason } };
}

function rollNews({ status }: EphemeralRunnerSet, report: Report): News | undefined {
  const next = conditionOf('RolledOut', report.conditions);
  const type = ROLL_NEWS[next?.reason ?? ''];
  if (next === undefined || type === undefined) return undefined;
  if (conditionOf('RolledOut', status?.conditions)?.reason === next.reason) return undefined;
  return { because: next.message, event: { type, reason: next.reason } };
}

function failedNews({ status }: EphemeralRunnerSet, report: Report): News | undefined {
  const rounds = report.failing?.rounds ?? 0;
  if (rounds <= (status?.failing?.rounds ?? 0)) return undefined;
  const { message = 'runners fail' } = conditionOf('Ready', report.conditions) ?? {};
  return { because: message, event: { type: 'Warning', reason: 'RunnersFail' } };
}
