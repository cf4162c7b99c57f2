// Which runner goes first when some are too many. Decides only; design.md, decision 6.
import { byAge, isDeleting, isFailed, isIdle } from '@muster/api';
import { runnerPod } from '../runner-pod.ts';
import { isOfTemplate } from './template.ts';
import type { Member } from './tally.ts';

/** As far as we know; GitHub has the last word. One whose container has ended is leaving by itself. */
export const mayGo = ({ runner, pod }: Member): boolean =>
  isDeleting(runner)
    ? false
    : isFailed(runner) || (isIdle(runner) && runnerPod(pod).is !== 'finished');

/** Failed, of an older template, without a pod, pending, running; the newest of each first. */
export const cheapestFirst =
  (template: string) =>
  (a: Member, b: Member): number =>
    rank(a, template) - rank(b, template) || byAge(b.runner, a.runner);

function rank({ runner, pod }: Member, template: string): number {
  if (isFailed(runner)) return 0;
  if (!isOfTemplate(runner, template)) return 1;
  const { is } = runnerPod(pod);
  return is === 'absent' ? 2 : is === 'running' ? 4 : 3;
}
