// One request, understood: what is asked, by whom, of which resource.
import type { ResourcePath, Verb } from './path.ts';
import type { Resource } from './resource.ts';
import { badRequest, unsupportedMediaType } from './status.ts';
import type { User } from './world.ts';

export interface Call {
  verb: Verb;
  path: ResourcePath;
  resource: Resource;
  user: User;
  query: URLSearchParams;
  request: Request;
}

const JSON_TYPES = ['application/json'];

/** The body of a write; undefined when there is none. */
export async function readJson(
  request: Request,
  accepted: string[] = JSON_TYPES,
): Promise<unknown> {
  const text = await request.text();
  if (text === '') return undefined;
  const type = mediaType(request);
  if (type !== '' && !accepted.includes(type)) throw unsupportedMediaType(accepted);
  try {
    return JSON.parse(text) as unknown;
  } catch (error) {
    throw badRequest(
      `the body of the request is not JSON: ${error instanceof Error ? error.message : ''}`,
    );
  }
}

export const mediaType = (request: Request): string =>
  (request.headers.get('content-type') ?? '').split(';')[0]?.trim().toLowerCase() ?? '';
