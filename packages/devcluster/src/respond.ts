// Answers: objects, tables and metadata, as the Accept header asks.
import { stringify, textOf } from './json.ts';
import type { JsonObject } from './json.ts';
import type { Page } from './list.ts';
import type { KubeObject } from './object.ts';
import { apiVersionOf } from './resource.ts';
import type { Resource } from './resource.ts';
import { ApiError, notAcceptable, NoSuchPage, statusOf } from './status.ts';
import { partial, table } from './table.ts';
import type { Include } from './table.ts';

export type Form = { as: 'objects' } | { as: 'metadata' } | { as: 'table'; include: Include };

/** The first form of the Accept header that is known; a 406 when it has none. */
export function formOf(request: Request, query: URLSearchParams): Form {
  const wishes = (request.headers.get('accept') ?? '').split(',').map((wish) => wish.trim());
  for (const wish of wishes) {
    const as = /;\s*as=(\w+)/.exec(wish)?.[1];
    if (as === undefined && ['', ...JSON_TYPES].some((type) => wish.split(';')[0] === type))
      return { as: 'objects' };
    if (as === 'Table') return { as: 'table', include: includeOf(query) };
    if (as?.startsWith('PartialObjectMetadata')) return { as: 'metadata' };
  }
  throw notAcceptable(JSON_TYPES.slice(0, 1));
}

const JSON_TYPES = ['application/json', 'application/*', '*/*'];

function includeOf(query: URLSearchParams): Include {
  const include = query.get('includeObject');
  return include === 'Object' || include === 'None' ? include : 'Metadata';
}

export interface Presenting {
  resource: Resource;
  form: Form;
  now: number;
}

/** The text of one object in the form that was asked for. */
export function objectText(object: KubeObject, { resource, form, now }: Presenting): string {
  switch (form.as) {
    case 'objects':
      return textOf(object);
    case 'metadata':
      return stringify(partial(object));
    case 'table': {
      const metadata = { resourceVersion: object.metadata.resourceVersion };
      return stringify(table(resource, [object], { now, include: form.include, metadata }));
    }
  }
}

export function pageText(page: Page, { resource, form, now }: Presenting): string {
  const { items, resourceVersion, continue: token, remaining } = page;
  const metadata = {
    resourceVersion,
    ...(token === undefined ? {} : { continue: token, remainingItemCount: remaining }),
  };
  switch (form.as) {
    case 'table':
      return stringify(table(resource, items, { now, include: form.include, metadata }));
    case 'metadata':
      return stringify({
        kind: 'PartialObjectMetadataList',
        apiVersion: 'meta.k8s.io/v1',
        metadata,
        items: items.map(partial),
      });
    case 'objects': {
      const head = stringify({
        kind: resource.listKind,
        apiVersion: apiVersionOf(resource),
        metadata,
      });
      return `${head.slice(0, -1)},"items":[${items.map(textOf).join(',')}]}`;
    }
  }
}

export const json = (body: JsonObject, status = 200): Response => jsonText(stringify(body), status);

export const jsonText = (text: string, status = 200, contentType = 'application/json'): Response =>
  new Response(text, { status, headers: { 'content-type': contentType } });

/** A refusal as its Status; anything else is ours and says so without a stack. */
export function failure(error: unknown): Response {
  if (error instanceof NoSuchPage) return new Response(`${error.message}\n`, { status: 404 });
  const refusal =
    error instanceof ApiError
      ? error
      : new ApiError(
          { code: 500, reason: 'InternalError' },
          `Internal error occurred: ${String(error)}`,
        );
  const response = json(statusOf(refusal), refusal.code);
  if (refusal.retryAfterSeconds !== undefined) {
    response.headers.set('retry-after', String(refusal.retryAfterSeconds));
  }
  return response;
}
