// A program that competes for a Lease: while it may act it appends to a journal, line by line.
// `node candidate.ts JSON`; its parent can block its event loop and set its wall clock by messages.
import { openSync, writeSync } from 'node:fs';
import { createKubeClient } from '../client.ts';
import { systemClock } from '../clock.ts';
import { loadConnection } from '../connection.ts';
import { createLease } from '../lease.ts';
import { silentLog } from './logs.ts';
import type { Clock } from '../types.ts';

export interface CandidateArgs {
  kubeconfig: string;
  namespace: string;
  name: string;
  identity: string;
  journal: string;
}

export type Order = { do: 'block'; ms: number } | { do: 'set-clock'; byMs: number };

export const TIMING = { durationMs: 1_000, renewDeadlineMs: 600, retryMs: 150 };
const ACT_EVERY_MS = 5;

const args = JSON.parse(process.argv[2] ?? '{}') as CandidateArgs;
let wallMs = 0;
const clock: Clock = { ...systemClock, now: () => Date.now() + wallMs };
const connection = await loadConnection({ env: { KUBECONFIG: args.kubeconfig } });
const client = createKubeClient({ connection, clock });
const { namespace, name, identity } = args;
const lease = createLease({ client, namespace, name, identity, clock, log: silentLog, ...TIMING });
const journal = openSync(args.journal, 'a');
const stop = new AbortController();

process.on('message', (order: Order) => {
  if (order.do === 'set-clock') {
    wallMs += order.byMs;
    return;
  }
  const until = process.hrtime.bigint() + BigInt(order.ms) * 1_000_000n;
  while (process.hrtime.bigint() < until);
});
process.once('SIGTERM', () => {
  stop.abort();
});
// Without its parent nobody would ever end it.
process.once('disconnect', () => process.exit(1));

/** The time is that of the decision: between it and the line the process can be stopped, and no lease can help that. */
function act(): void {
  const decidedAt = process.hrtime.bigint();
  if (lease.holding) writeSync(journal, `${decidedAt} ${identity}\n`);
}

process.send?.('competing');
const outcome = await lease.run(stop.signal, async (signal) => {
  // Not stopped with the signal: what `holding` alone prevents is what is looked at.
  const acting = setInterval(act, ACT_EVERY_MS);
  await new Promise<void>((resolve) => {
    if (signal.aborted) resolve();
    signal.addEventListener(
      'abort',
      () => {
        resolve();
      },
      { once: true },
    );
  });
  if (stop.signal.aborted) clearInterval(acting);
});
process.exit(outcome === 'lost' ? 3 : 0);
