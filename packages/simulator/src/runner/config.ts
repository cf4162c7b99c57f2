// What the runner program is told by its environment, read once.
import { decodeJitConfig } from '../runner-protocol.ts';
import type { RunnerIdentity } from '../runner-protocol.ts';

/** Ways to misbehave, for tests of what watches over runners. */
export const FAULTS = ['never-online', 'exit7', 'crash', 'hang', 'vanish'] as const;

type Fault = (typeof FAULTS)[number];

export interface RunnerConfig {
  readonly identity: RunnerIdentity;
  readonly fault?: Fault;
  /** For the steps of jobs: without what only this program should know. */
  readonly stepEnv: Readonly<Record<string, string>>;
}

// With our compile cache, every Node program of a step would fill it too.
const OURS = ['ACTIONS_RUNNER_INPUT_JITCONFIG', 'MUSTER_RUNNER_FAULT', 'NODE_COMPILE_CACHE'];

/** Gives the one line that says what is wrong when it cannot be used. */
export function parseRunnerConfig(
  env: Readonly<Record<string, string | undefined>>,
): RunnerConfig | string {
  const encoded = env['ACTIONS_RUNNER_INPUT_JITCONFIG'];
  if (!encoded) return 'ACTIONS_RUNNER_INPUT_JITCONFIG is not set';
  const identity = decodeJitConfig(encoded);
  if (identity === undefined) return 'ACTIONS_RUNNER_INPUT_JITCONFIG is not a JIT config of Muster';
  const wanted = env['MUSTER_RUNNER_FAULT'];
  const fault = FAULTS.find((one) => one === wanted);
  if (wanted && fault === undefined)
    return `MUSTER_RUNNER_FAULT must be one of ${FAULTS.join(', ')}`;
  return { identity, stepEnv: withoutOurs(env), ...(fault !== undefined && { fault }) };
}

function withoutOurs(env: Readonly<Record<string, string | undefined>>): Record<string, string> {
  const kept: Record<string, string> = {};
  for (const [name, value] of Object.entries(env)) {
    if (value !== undefined && !OURS.includes(name)) kept[name] = value;
  }
  return kept;
}
