// One run of a key: observe, plan, act. Says what came of it and throws nothing.
import { isKubeError, KubeError } from './errors.ts';
import type { KubeErrorCode } from './errors.ts';
import type { Events } from './events.ts';
import type { KubeClient, Log, PlannedAction, Reconciler, WaitAction } from './types.ts';

export type PassResult =
  | { is: 'done' | 'gone' | 'stopped' }
  | { is: 'wait'; ms: number }
  /** The caches were behind: the same again, quietly. */
  | { is: 'stale'; do: string; error: unknown }
  | { is: 'failed'; do: string; error: unknown };

export interface PassOptions<Observed, Action extends PlannedAction> {
  key: string;
  reconciler: Reconciler<Observed, Action>;
  kube: KubeClient;
  log: Log;
  events: Events | undefined;
  /** Steps come after one another while this is not aborted; a step that has begun is finished. */
  signal: AbortSignal;
  /** Asked before each action. */
  mayAct?: (() => boolean) | undefined;
  /** Whether this is another wait than the key's last one. */
  isNews: (wait: WaitAction) => boolean;
}

const isWait = (action: PlannedAction): action is WaitAction => action.do === 'wait';

export async function runPass<Observed, Action extends PlannedAction>(
  options: PassOptions<Observed, Action>,
): Promise<PassResult> {
  const { reconciler, key } = options;
  let step = 'observe';
  try {
    const observed = await reconciler.observe(key);
    if (observed === undefined) return { is: 'gone' };
    step = 'plan';
    const actions = reconciler.plan(observed);
    step = 'act';
    return await new Pass(options, observed).carryOut(actions, 'recover');
  } catch (error) {
    return failure(step, error);
  }
}

// A cache that is behind, and a lease whose renewal is under way: the same again is all it takes.
const QUIET: ReadonlySet<KubeErrorCode> = new Set(['conflict', 'already-exists', 'not-leading']);

const notLeading = (): KubeError =>
  new KubeError('not-leading', 'the lease may have passed to another');

function failure(step: string, error: unknown): PassResult {
  return { is: isKubeError(error) && QUIET.has(error.code) ? 'stale' : 'failed', do: step, error };
}

class Pass<Observed, Action extends PlannedAction> {
  readonly #options: PassOptions<Observed, Action>;
  readonly #observed: Observed;

  constructor(options: PassOptions<Observed, Action>, observed: Observed) {
    this.#options = options;
    this.#observed = observed;
  }

  async carryOut(
    actions: readonly Action[],
    onFailure: 'recover' | 'give-up',
  ): Promise<PassResult> {
    const { reconciler, kube, signal, mayAct = () => true } = this.#options;
    let waitMs: number | undefined;
    for (const action of actions) {
      if (signal.aborted) return { is: 'stopped' };
      if (!mayAct()) return failure(action.do, notLeading());
      this.#announce(action);
      if (isWait(action)) {
        waitMs = Math.min(action.ms, waitMs ?? action.ms);
        continue;
      }
      try {
        await reconciler.act(action, this.#observed, kube);
      } catch (error) {
        return onFailure === 'recover' ? this.#recover(action, error) : failure(action.do, error);
      }
    }
    return waitMs === undefined ? { is: 'done' } : { is: 'wait', ms: waitMs };
  }

  async #recover(action: Action, error: unknown): Promise<PassResult> {
    const { reconciler } = this.#options;
    if (isKubeError(error, 'conflict') || isKubeError(error, 'not-leading'))
      return failure(action.do, error);
    const next = reconciler.afterFailure?.(action, error, this.#observed) ?? 'retry';
    return next === 'retry' ? failure(action.do, error) : this.carryOut(next, 'give-up');
  }

  #announce(action: Action): void {
    const { key, log, reconciler, events, isNews } = this.#options;
    const fields = { controller: reconciler.name, key, do: action.do };
    if (isWait(action) && !isNews(action)) log.debug(action.because, fields);
    else log.info(action.because, fields);
    const subject = reconciler.subject?.(this.#observed);
    if (events === undefined || action.event === undefined || subject === undefined) return;
    events.record(subject, { ...action.event, message: action.because });
  }
}
