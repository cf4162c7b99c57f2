// EphemeralRunnerSet: so many runners of one template. The listener writes `replicas` and `patchID`.
// reference/controllers.md 1.4; the accounting of slots is ours (design.md, decision 6).
import { z } from 'zod';
import { API_VERSION } from './meta.ts';
import { ephemeralRunnerSpec } from './ephemeral-runner.ts';
import { conditions, count, resourceMeta, text } from './schema.ts';
import type { ApiObject, KindOf } from './meta.ts';

export const ephemeralRunnerSetSpec = z.object({
  replicas: count('Runners that are wanted; none when absent.').optional(),
  patchID: z.int().describe('Above 0: grow if needed. 0: this is the truth, shrink if needed.'),
  finishedRunners: z
    .array(z.string())
    .describe('Runners whose jobs were over when replicas was counted; the listener says so.')
    .optional(),
  ephemeralRunnerMetadata: resourceMeta.optional(),
  ephemeralRunnerSpec,
});

const slots = z
  .object({
    generation: z.int().describe('The metadata.generation that this is the account of.'),
    spent: count('Slots of that generation whose runner had a job or ended well: not refilled.'),
    ended: z
      .array(z.string())
      .describe('The runners counted in spent that are still there.')
      .optional(),
    patch: text('What the listener wished for then, as a hash.').optional(),
    template: text('Of what the runners were made then, as a hash.').optional(),
  })
  .describe('Which slots are used up until the next patch.');

const failing = z
  .object({
    template: text('Of what those runners were made, as a hash.'),
    outdated: count('Runners in a row that GitHub found too old.'),
    rounds: count('How often failed runners were waited for in a row.'),
    counted: z.array(z.string()).describe('Those of them that are still there.').optional(),
    since: z.string().meta({ format: 'date-time' }).describe('When the last one was counted.'),
  })
  .describe('Runners of the current template that could not run, since one could.');

const listener = z
  .object({
    sessionId: z.string().optional(),
    instance: text('The process that holds the session.').optional(),
    state: text('Where its loop stands.').optional(),
    reason: text('Why.').optional(),
    since: z.string().meta({ format: 'date-time' }).optional(),
  })
  .describe('What the listener says of itself; only the listener writes it.');

const blocked = z
  .object({
    reason: z.string(),
    since: z.string().meta({ format: 'date-time' }),
    capacity: count(
      'Jobs that the set can take at most meanwhile; unknown when absent.',
    ).optional(),
  })
  .describe('Why the cluster refuses pods.');

export const ephemeralRunnerSetStatus = z.object({
  // ARC requires it, so that a listener that came first could not write its part of the status.
  currentReplicas: count('Runners that are pending, running or failed.').optional(),
  pendingEphemeralRunners: count('Runners whose pod does not run yet.').optional(),
  runningEphemeralRunners: count('Runners whose pod runs.').optional(),
  failedEphemeralRunners: count('Runners that failed.').optional(),
  phase: text('Running or Outdated.').optional(),
  slots: slots.optional(),
  failing: failing.optional(),
  listener: listener.optional(),
  blocked: blocked.optional(),
  conditions: conditions.optional(),
});

export type EphemeralRunnerSetSpec = z.infer<typeof ephemeralRunnerSetSpec>;
export type EphemeralRunnerSetStatus = z.infer<typeof ephemeralRunnerSetStatus>;
export type Slots = z.infer<typeof slots>;
export type Failing = z.infer<typeof failing>;
export type ListenerStatus = z.infer<typeof listener>;
export type Blocked = z.infer<typeof blocked>;

export interface EphemeralRunnerSet extends ApiObject {
  spec: EphemeralRunnerSetSpec;
  status?: EphemeralRunnerSetStatus;
}

export const EphemeralRunnerSetKind: KindOf<EphemeralRunnerSet> = {
  apiVersion: API_VERSION,
  kind: 'EphemeralRunnerSet',
  plural: 'ephemeralrunnersets',
  namespaced: true,
};

/** ARC's listener deletes the field to say 0 (reference/protocol.md 7.4). */
export const replicasOf = (set: EphemeralRunnerSet): number => set.spec.replicas ?? 0;
