import { setTimeout as sleep } from 'node:timers/promises';
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { expect, test } from 'vitest';
import { keepAlive } from './keep-alive.ts';

setFlagsFromString('--expose-gc');
const collect = runInNewContext('gc') as () => void;

test('a caller who leaves is heard of, however long ago the request was last looked at', async () => {
  const caller = new AbortController();
  const signal = heldAlone(caller.signal);
  // A request ends its days in a task of its own, not in this one.
  for (let i = 0; i < 3; i++) {
    await sleep(1);
    collect();
  }
  caller.abort();
  expect(signal.aborted).toBe(true);
});

function heldAlone(caller: AbortSignal): AbortSignal {
  const request = new Request('http://localhost/', { signal: caller });
  keepAlive(request.signal, request);
  return request.signal;
}
