// Node's Request follows its caller's signal only while it is alive itself, and nobody holds a Request
// that is only waited for: the caller's leaving would then go unnoticed.

const kept = new WeakMap<AbortSignal, object[]>();

/** It lives for as long as somebody holds the signal. */
export function keepAlive(signal: AbortSignal, request: object): void {
  kept.set(signal, [...(kept.get(signal) ?? []), request]);
}
