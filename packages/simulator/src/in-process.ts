// The global `fetch`'s manners for a service that is only a function.
import { ConnectionCut } from './http/answer.ts';
import { keepAlive } from './keep-alive.ts';

/** Rejects as fetch does: with the signal's reason, or a TypeError when the connection breaks. */
export async function fetchInProcess(
  serve: (request: Request) => Promise<Response>,
  input: Request | URL | string,
  init?: RequestInit,
): Promise<Response> {
  const request = await toRequest(input, init);
  if (typeof input === 'object') keepAlive(request.signal, input);
  try {
    const response = await serve(request);
    request.signal.throwIfAborted();
    return response;
  } catch (error) {
    request.signal.throwIfAborted();
    if (error instanceof ConnectionCut) throw new TypeError('fetch failed', { cause: error });
    throw error;
  }
}

// Another copy of undici has a Request class of its own, which ours does not take.
async function toRequest(input: Request | URL | string, init?: RequestInit): Promise<Request> {
  if (typeof input === 'string' || input instanceof URL || input instanceof Request) {
    return new Request(input, init);
  }
  const { url, method, headers, signal } = input as Request;
  const body = await (input as Request).arrayBuffer();
  const copy = { method, headers: [...headers], signal, ...(body.byteLength > 0 && { body }) };
  return new Request(url, { ...copy, ...init });
}
