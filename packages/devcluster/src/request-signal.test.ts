import { setTimeout as sleep } from 'node:timers/promises';
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { expect, test } from 'vitest';
import { signalOf } from './request-signal.ts';

setFlagsFromString('--expose-gc');
const collect = runInNewContext('gc') as () => void;

test('a caller who leaves is heard of, however long ago the request was last looked at', async () => {
  const caller = new AbortController();
  const signal = signalOf(
    new Request('http://localhost/', { signal: caller.signal }),
    new AbortController().signal,
  );
  // A request ends its days in a task of its own, not in this one.
  for (let i = 0; i < 3; i++) {
    await sleep(1);
    collect();
  }
  caller.abort();
  expect(signal.aborted).toBe(true);
});
