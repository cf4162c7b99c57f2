// One request, understood: what is asked, by whom, of which resource.
import { parseJson } from './json.ts';
import type { ResourcePath, Verb } from './path.ts';
import type { Resource } from './resource.ts';
import { decode, PROTOBUF } from './protobuf.ts';
import { badRequest, notImplemented, unsupportedMediaType } from './status.ts';
import type { User } from './world.ts';

export interface Call {
  verb: Verb;
  path: ResourcePath;
  resource: Resource;
  user: User;
  query: URLSearchParams;
  request: Request;
}

/** The body of a write; undefined when there is none. */
export async function readJson(
  request: Request,
  accepted: string[] = ['application/json', PROTOBUF],
): Promise<unknown> {
  const bytes = new Uint8Array(await request.arrayBuffer());
  if (bytes.length === 0) return undefined;
  const type = mediaType(request);
  if (type !== '' && !accepted.includes(type)) throw unsupportedMediaType(accepted);
  if (type === PROTOBUF) {
    const object = decode(bytes);
    if (object === undefined) throw notImplemented('protobuf for this kind');
    return object;
  }
  try {
    return parseJson(Buffer.from(bytes).toString());
  } catch (error) {
    const why = error instanceof Error ? error.message : '';
    throw badRequest(`the body of the request is not JSON: ${why}`);
  }
}

export const mediaType = (request: Request): string =>
  (request.headers.get('content-type') ?? '').split(';')[0]?.trim().toLowerCase() ?? '';
