// What the listener says of itself in `status.listener` of its set: where its loop stands, and which
// session it holds, so that a successor can go on with it (design.md, decisions 12 and 13).
import { EphemeralRunnerSetKind } from '@muster/api';
import { isKubeError } from '@muster/kube';
import { within } from './deps.ts';
import type { EphemeralRunnerSet, ListenedScaleSet, ListenerStatus } from '@muster/api';
import type { Deps } from './deps.ts';
import type { State } from './recover.ts';

interface Standing {
  state: State;
  reason: string;
  sessionId?: string;
}

export interface Recorder {
  /** What is recorded; undefined when nothing is, or when it cannot be read. */
  read(): Promise<ListenerStatus | undefined>;
  /** Written in the background, only when it differs. A failure is no reason to stop listening. */
  report(standing: Standing): void;
  /** Resolves when what was reported is written, or could not be. */
  settled(): Promise<void>;
}

const PATIENCE_MS = 5_000;

type RecordDeps = Pick<Deps, 'kube' | 'clock' | 'log' | 'instance'>;

export function createRecorder(set: ListenedScaleSet, deps: RecordDeps): Recorder {
  const at = { namespace: set.setNamespace, name: set.setName };
  let written = '';
  let wanted = '';
  let writing = Promise.resolve();
  let isRefused = false;

  const patch = async (
    change: Record<string, unknown>,
  ): Promise<EphemeralRunnerSet | undefined> => {
    if (isRefused) return undefined;
    try {
      return await within(deps.clock, PATIENCE_MS, (signal) =>
        deps.kube.patchStatus(EphemeralRunnerSetKind, at, change, { signal }),
      );
    } catch (error) {
      // The role that ARC's controller makes does not allow it.
      isRefused = isKubeError(error, 'forbidden');
      deps.log.warn('could not use the status of the set', { set: set.setName, error });
      return undefined;
    }
  };

  const write = async (standing: Standing, text: string): Promise<void> => {
    // Overtaken while it waited, or written already.
    if (text !== wanted || text === written) return;
    const { sessionId = null, state, reason } = standing;
    const since = new Date(deps.clock.now()).toISOString();
    const listener = { sessionId, instance: deps.instance, state, reason, since };
    if ((await patch({ status: { listener } })) !== undefined) written = text;
  };

  return {
    // An empty merge patch changes nothing and answers with the object: the role allows no get.
    read: async () => (await patch({}))?.status?.listener,
    report(standing) {
      const text = JSON.stringify(standing);
      wanted = text;
      writing = writing.then(() => write(standing, text));
    },
    settled: () => writing,
  };
}
