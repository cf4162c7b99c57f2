// Lets pending work go on until something is so; no time passes on a stepped clock meanwhile.

const MAX_TURNS = 20_000;

/** Resolves once the condition holds; throws with its source when everything has come to rest. */
export async function until(condition: () => boolean): Promise<void> {
  for (let turn = 0; turn < MAX_TURNS; turn += 1) {
    if (condition()) return;
    await new Promise((resolve) => setImmediate(resolve));
  }
  throw new Error(`it never came to hold: ${condition.toString()}`);
}

/** Lets so many turns of the event loop pass: enough for anything in process to come to rest. */
export async function settle(turns = 50): Promise<void> {
  for (let turn = 0; turn < turns; turn += 1) {
    await new Promise((resolve) => setImmediate(resolve));
  }
}
