// A set that cannot be listened for as it is configured: that is told, and nothing else, until its
// configuration changes. It is no reason to end: other sets may be well.
import { Board } from './board.ts';
import { createBell, runLane } from './lane.ts';
import type { ListenedScaleSet } from '@muster/api';
import type { Deps } from './deps.ts';

type Parts = Omit<Deps, 'actions'> & { error: Error };

// A loop that does nothing on purpose is not ill.
const FOR_EVER = Infinity;

export async function misconfigured(
  set: ListenedScaleSet,
  { error, ...deps }: Parts,
  signal: AbortSignal,
): Promise<'stopped' | 'replaced'> {
  const bell = createBell();
  const over = new AbortController();
  const end = (): void => {
    over.abort();
    bell.ring();
  };
  const board = new Board(set, { ...deps, bell, onReplaced: end });
  const standing = { state: 'misconfigured', reason: error.message } as const;
  deps.log.error('cannot listen with this configuration', { set: set.setName, error });
  deps.metrics.stands(set, standing.state);
  deps.watch?.stands(standing);
  deps.watch?.turned(FOR_EVER);
  if (signal.aborted) end();
  signal.addEventListener('abort', end, { once: true });
  await board.predecessor();
  board.report(standing);
  await runLane(board.lane, { ...deps, bell, signal: over.signal });
  signal.removeEventListener('abort', end);
  return board.isReplaced ? 'replaced' : 'stopped';
}
