// The node's way to the Kubernetes API: plain REST through a `fetch`, so any API server will do.

export type Fetch = (request: Request) => Promise<Response>;

export class NodeApiError extends Error {
  readonly status: number;
  readonly reason: string;

  constructor(status: number, reason: string, message: string) {
    super(message);
    this.name = 'NodeApiError';
    this.status = status;
    this.reason = reason;
  }
}

export interface WatchEvent {
  type: string;
  object: unknown;
}

interface Send {
  path: string;
  body?: unknown;
  contentType?: string;
  signal?: AbortSignal;
}

export interface NodeApiOptions {
  fetch: Fetch;
  token: string;
  /** Origin of the API, for example https://127.0.0.1:6443. */
  server: string;
}

const MERGE_PATCH = 'application/merge-patch+json';

export class NodeApi {
  readonly #options: NodeApiOptions;

  constructor(options: NodeApiOptions) {
    this.#options = options;
  }

  /** The object, or undefined when there is none. */
  async find(path: string, signal?: AbortSignal): Promise<unknown> {
    const send: Send = signal ? { path, signal } : { path };
    return orUndefined(this.#json('GET', send), 404);
  }

  async list(path: string, signal: AbortSignal): Promise<unknown> {
    return this.#json('GET', { path, signal });
  }

  async create(path: string, body: unknown): Promise<unknown> {
    return this.#json('POST', { path, body });
  }

  /** The patched object, or undefined when there is none (any more) of that uid. */
  async patch(path: string, body: unknown): Promise<unknown> {
    const sent = this.#json('PATCH', { path, body, contentType: MERGE_PATCH });
    return orUndefined(sent, 404, 409);
  }

  async delete(path: string, body: unknown): Promise<void> {
    await orUndefined(this.#json('DELETE', { path, body }), 404, 409);
  }

  async *watch(path: string, signal: AbortSignal): AsyncGenerator<WatchEvent> {
    const response = await this.#send('GET', { path, signal });
    let rest = '';
    for await (const text of response.body?.pipeThrough(new TextDecoderStream()) ?? []) {
      const lines = (rest + text).split('\n');
      rest = lines.pop() ?? '';
      for (const line of lines) {
        if (line !== '') yield JSON.parse(line) as WatchEvent;
      }
    }
  }

  async #json(method: string, send: Send): Promise<unknown> {
    const response = await this.#send(method, send);
    return response.json();
  }

  async #send(method: string, { path, body, contentType, signal }: Send): Promise<Response> {
    const headers = new Headers({
      accept: 'application/json',
      authorization: `Bearer ${this.#options.token}`,
      'user-agent': 'muster-devcluster-node',
    });
    if (body !== undefined) headers.set('content-type', contentType ?? 'application/json');
    const request = new Request(new URL(path, this.#options.server), {
      method,
      headers,
      body: body === undefined ? null : JSON.stringify(body),
      signal: signal ?? null,
    });
    const response = await this.#options.fetch(request);
    if (!response.ok) throw await problem(method, path, response);
    return response;
  }
}

async function problem(method: string, path: string, response: Response): Promise<NodeApiError> {
  const text = await response.text();
  let status: { message?: string; reason?: string } = {};
  try {
    status = JSON.parse(text) as typeof status;
  } catch {
    // Not every answer is a Status; the text itself is then the message.
  }
  const message = status.message ?? `${method} ${path}: ${response.status} ${text.slice(0, 200)}`;
  return new NodeApiError(response.status, status.reason ?? '', message);
}

async function orUndefined<T>(answer: Promise<T>, ...statuses: number[]): Promise<T | undefined> {
  try {
    return await answer;
  } catch (error) {
    if (error instanceof NodeApiError && statuses.includes(error.status)) return undefined;
    throw error;
  }
}

export const podPath = (namespace: string, name: string, subresource?: string): string =>
  `/api/v1/namespaces/${namespace}/pods/${name}${subresource ? `/${subresource}` : ''}`;
