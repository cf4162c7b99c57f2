// The global `fetch`'s manners for a service that is only a function.
import { ConnectionCut } from './http/answer.ts';
import type { Answer, Incoming } from './http/exchange.ts';
import { keepAlive } from './keep-alive.ts';

/** Rejects as fetch does: with the signal's reason, or a TypeError when the connection breaks. */
export async function fetchInProcess(
  serve: (request: Incoming) => Promise<Answer>,
  input: Request | URL | string,
  init?: RequestInit,
): Promise<Response> {
  const request = await toRequest(input, init);
  const { method, url, headers, signal } = request;
  for (const held of [request, input]) if (typeof held === 'object') keepAlive(signal, held);
  const header = (name: string): string | undefined => headers.get(name) ?? undefined;
  const body = await request.text();
  try {
    const answer = await serve({ method, url: new URL(url), header, body, signal });
    signal.throwIfAborted();
    return toResponse(answer);
  } catch (error) {
    signal.throwIfAborted();
    if (error instanceof ConnectionCut) throw new TypeError('fetch failed', { cause: error });
    throw error;
  }
}

// Another copy of undici has a Request class of its own, which ours does not take.
async function toRequest(input: Request | URL | string, init?: RequestInit): Promise<Request> {
  if (input instanceof Request && init === undefined) return input;
  if (typeof input === 'string' || input instanceof URL || input instanceof Request) {
    return new Request(input, init);
  }
  const { url, method, headers, signal } = input as Request;
  const body = await (input as Request).arrayBuffer();
  const copy = { method, headers: [...headers], signal, ...(body.byteLength > 0 && { body }) };
  return new Request(url, { ...copy, ...init });
}

// These have no body, and a Response insists on it.
const BODILESS = [204, 205, 304];

const toResponse = ({ status, headers, body }: Answer): Response =>
  new Response(BODILESS.includes(status) ? null : body, { status, headers });
