// Whose controllers run, ours or ARC's: two of them at once would undo each other's work.
import { PodKind } from '@muster/kube';
import type { Pod } from '@muster/kube';
import type { Stage } from './stage.ts';

const isManager = ({ spec }: Pod): boolean =>
  spec.containers.some(({ name }) => name === 'manager');
const imageOf = ({ spec }: Pod): string => spec.containers[0]?.image ?? '';

/** Their images. */
export const managersIn = async (stage: Stage, namespace: string): Promise<string[]> =>
  (await stage.list(PodKind, namespace)).filter(isManager).map(imageOf);

/** Whether there were pods of both at any look while `change` was under way. */
export async function ranTogether(
  stage: Stage,
  namespace: string,
  change: Promise<unknown>,
): Promise<boolean> {
  const state = { isOver: false };
  const ended = change.finally(() => {
    state.isOver = true;
  });
  const isTogether = async (): Promise<boolean> =>
    new Set(await managersIn(stage, namespace)).size > 1;
  let together = false;
  while (!state.isOver && !together) together = await isTogether();
  await ended;
  return together;
}
