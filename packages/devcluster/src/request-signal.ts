// When the caller of a request goes away, for as long as somebody waits to hear of it.

const requests = new WeakMap<AbortSignal, Request>();

/**
 * Fires with the request's own signal or with the other one. Node's Request follows its caller's signal
 * only while it is alive itself, and nobody holds a Request whose answer is being streamed; so it lives
 * as long as the signal that is given here.
 */
export function signalOf(request: Request, other: AbortSignal): AbortSignal {
  const signal = AbortSignal.any([request.signal, other]);
  requests.set(signal, request);
  return signal;
}
