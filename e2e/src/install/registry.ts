// An OCI registry on loopback, with as much of the distribution specification as `helm push` and `helm install oci://` use. It
// forgets everything when it closes.
import { createHash } from 'node:crypto';
import { createServer } from 'node:http';
import { buffer } from 'node:stream/consumers';
import type { IncomingMessage, ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';

export interface Registry {
  /** `127.0.0.1:41234` */
  address: string;
  close: () => Promise<void>;
}

interface Stored {
  content: Buffer;
  type: string;
}

interface Answer {
  status: number;
  headers?: Record<string, string>;
  content?: Buffer;
}

interface Ask {
  method: string;
  url: URL;
  repository: string;
  /** A digest, a tag, or an upload's number. */
  reference: string;
  content: Buffer;
  type: string;
}

export async function startRegistry(): Promise<Registry> {
  const shelf = new Shelf();
  const server = createServer((incoming, outgoing) => {
    answer(shelf, incoming).then(
      (given) => {
        send(given, incoming, outgoing);
      },
      () => outgoing.destroy(),
    );
  });
  await new Promise<void>((resolve) => {
    server.listen(0, '127.0.0.1', resolve);
  });
  const { port } = server.address() as AddressInfo;
  return {
    address: `127.0.0.1:${port}`,
    close: () =>
      new Promise((resolve) => {
        server.close(() => {
          resolve();
        });
        server.closeAllConnections();
      }),
  };
}

async function answer(shelf: Shelf, incoming: IncomingMessage): Promise<Answer> {
  const { method = '', headers, url: path = '' } = incoming;
  const url = new URL(path, 'http://registry');
  if (url.pathname === '/v2/') return { status: 200 };
  const parts = PATH.exec(url.pathname);
  if (parts === null) return { status: 404 };
  const [, repository = '', what = '', reference = ''] = parts;
  const type = headers['content-type'] ?? 'application/octet-stream';
  const ask = { method, url, repository, reference, content: await buffer(incoming), type };
  return shelf.answer(what, ask);
}

const PATH = /^\/v2\/(.+)\/(blobs\/uploads|blobs|manifests|tags)\/([^/]*)$/;

class Shelf {
  readonly #stored = new Map<string, Stored>();
  readonly #uploads = new Map<string, Buffer>();

  answer(what: string, ask: Ask): Answer {
    if (what === 'blobs/uploads') return this.upload(ask);
    if (what === 'tags') return this.tags(ask);
    return ask.method === 'PUT' ? this.tag(ask) : this.read(ask);
  }

  /** Begun with POST, gone on with PATCH, ended with PUT and the digest of the whole. */
  private upload({ method, url, repository, reference, content, type }: Ask): Answer {
    const id = method === 'POST' ? String(this.#uploads.size + 1) : reference;
    const whole = Buffer.concat([this.#uploads.get(id) ?? Buffer.alloc(0), content]);
    if (method !== 'PUT') {
      this.#uploads.set(id, whole);
      return { status: 202, headers: { location: `/v2/${repository}/blobs/uploads/${id}` } };
    }
    const digest = digestOf(whole);
    if (url.searchParams.get('digest') !== digest) return { status: 400 };
    this.#stored.set(`${repository}/${digest}`, { content: whole, type });
    return { status: 201, headers: { location: `/v2/${repository}/blobs/${digest}` } };
  }

  private tag({ repository, reference, content, type }: Ask): Answer {
    const digest = digestOf(content);
    for (const name of [reference, digest])
      this.#stored.set(`${repository}/${name}`, { content, type });
    return { status: 201, headers: { 'docker-content-digest': digest } };
  }

  private read({ repository, reference }: Ask): Answer {
    const found = this.#stored.get(`${repository}/${reference}`);
    if (found === undefined) return { status: 404 };
    const { content, type } = found;
    const headers = { 'content-type': type, 'docker-content-digest': digestOf(content) };
    return { status: 200, headers, content };
  }

  private tags({ repository }: Ask): Answer {
    const names = [...this.#stored.keys()].map((key) => key.slice(repository.length + 1));
    const tags = names.filter((name) => !name.includes(':') && !name.includes('/'));
    const content = Buffer.from(JSON.stringify({ name: repository, tags }));
    return { status: 200, headers: { 'content-type': 'application/json' }, content };
  }
}

function send(
  { status, headers, content }: Answer,
  { method }: IncomingMessage,
  to: ServerResponse,
): void {
  to.writeHead(status, { ...headers, 'content-length': content?.length ?? 0 });
  to.end(method === 'HEAD' ? undefined : content);
}

const digestOf = (content: Buffer): string =>
  `sha256:${createHash('sha256').update(content).digest('hex')}`;
