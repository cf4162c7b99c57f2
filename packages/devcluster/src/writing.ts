// Create, update, patch and delete.
import { isDryRun, understand } from './body.ts';
import { mediaType, readJson } from './call.ts';
import type { Call } from './call.ts';
import { deleteOptions, remove } from './delete.ts';
import { evict } from './disruptions.ts';
import { isObject } from './json.ts';
import type { JsonObject } from './json.ts';
import { readBody } from './metadata.ts';
import type { KubeObject } from './object.ts';
import { jsonPatch } from './patch/json-patch.ts';
import { mergePatch } from './patch/merge.ts';
import { strategicMergePatch } from './patch/strategic.ts';
import { named } from './reading.ts';
import { formOf, json, jsonText, objectText, pageText } from './respond.ts';
import { review } from './reviews.ts';
import { scaledTo, scaleOf } from './scale.ts';
import type { Schema } from './schema/shape.ts';
import { matcherOf } from './selector.ts';
import {
  methodNotAllowed,
  noSuchPath,
  notImplemented,
  success,
  unsupportedMediaType,
} from './status.ts';
import { bind, requestToken } from './subresources.ts';
import type { Target, World } from './world.ts';
import { create, update } from './write.ts';

export async function write(world: World, call: Call): Promise<Response> {
  switch (call.verb) {
    case 'create':
      return post(world, call);
    case 'update':
      return put(world, call);
    case 'patch':
      return patch(world, call);
    case 'delete':
      return deleteOne(world, call);
    case 'deletecollection':
      return deleteAll(world, call);
    case 'get':
    case 'list':
    case 'watch':
      throw methodNotAllowed();
  }
}

const targetOf = (call: Call): Target => ({
  resource: call.resource,
  namespace: call.resource.namespaced ? call.path.namespace : undefined,
  user: call.user,
  dryRun: isDryRun(call),
});

function answer(world: World, call: Call, object: KubeObject): Response {
  const { resource, query, request, verb } = call;
  const presenting = { resource, form: formOf(request, query), now: world.now() };
  return jsonText(objectText(object, presenting), verb === 'create' ? 201 : 200);
}

/** Does a write that may have something to say besides its answer. */
function warned(act: (warn: (text: string) => void) => Response): Response {
  const warnings: string[] = [];
  const response = act((text) => warnings.push(text));
  for (const text of warnings) {
    response.headers.append('warning', `299 - "${text.replaceAll(/["\\]/g, '\\$&')}"`);
  }
  return response;
}

async function post(world: World, call: Call): Promise<Response> {
  const { resource, path, user, request } = call;
  const target = targetOf(call);
  const body = await readJson(request);
  if (path.name !== undefined) return postBelow(world, call, { target, body });
  if (resource.virtual)
    return json(await review(world, { resource, user }, readBody(target, body)), 201);
  if (resource.namespaced && path.namespace === undefined) throw methodNotAllowed();
  return warned((warn) => answer(world, call, create(world, target, understand(call, body, warn))));
}

const DONE = { kind: 'Status', apiVersion: 'v1', metadata: {}, status: 'Success', code: 201 };

async function postBelow(
  world: World,
  call: Call,
  { target, body }: { target: Target; body: unknown },
): Promise<Response> {
  const { resource, path } = call;
  const given = isObject(body) ? body : {};
  const kind = `${resource.plural}/${path.subresource ?? ''}`;
  switch (kind) {
    case 'pods/binding':
      bind(world, target, { pod: named(world, call), binding: given });
      return json(DONE, 201);
    case 'pods/eviction':
      evict(world, target, { pod: named(world, call), eviction: given });
      return json(DONE, 201);
    case 'serviceaccounts/token':
      return json(await requestToken(world, named(world, call), given), 201);
    default:
      if (path.subresource === undefined) throw methodNotAllowed();
      throw resource.subresources.includes(path.subresource) ? notImplemented(kind) : noSuchPath();
  }
}

const WRITTEN = ['status', 'scale'];

/** The object itself, its status and its scale are written alike; others are lacking or unknown. */
function checkSubresource({ resource, path: { subresource } }: Call): void {
  if (resource.virtual) throw methodNotAllowed();
  if (subresource === undefined || subresource === 'finalize') return;
  if (!resource.subresources.includes(subresource)) throw noSuchPath();
  if (!WRITTEN.includes(subresource)) throw notImplemented(`${resource.plural}/${subresource}`);
}

/** Writes what is made of the object that is stored, or of its scale. */
function change(
  world: World,
  call: Call,
  { target, made }: { target: Target; made: (current: KubeObject) => unknown },
): Response {
  const { resource, path } = call;
  const { name, subresource } = path;
  if (name === undefined) throw methodNotAllowed();
  if (subresource === 'scale') {
    const to = (current: KubeObject): JsonObject =>
      scaledTo(resource, current, made(scaleOf(resource, current)));
    return json(scaleOf(resource, update(world, target, { name, to })));
  }
  return warned((warn) => {
    const to = (current: KubeObject): unknown => understand(call, made(current), warn);
    return answer(world, call, update(world, target, { name, subresource, to }));
  });
}

async function put(world: World, call: Call): Promise<Response> {
  checkSubresource(call);
  const target = targetOf(call);
  const body = await readJson(call.request);
  return change(world, call, { target, made: () => body });
}

type Apply = (current: unknown, patch: unknown, schema: Schema | undefined) => unknown;

const PATCHES: Record<string, Apply> = {
  'application/json-patch+json': jsonPatch,
  'application/merge-patch+json': mergePatch,
  'application/strategic-merge-patch+json': strategicMergePatch,
};

function patchOf({ resource, request }: Call): { apply: Apply; type: string } {
  const type = mediaType(request);
  if (type.startsWith('application/apply-patch')) throw notImplemented('server-side apply');
  // The lists of a custom kind have no known keys.
  const accepted = Object.keys(PATCHES).filter(
    (name) => !resource.custom || !name.includes('strategic'),
  );
  const apply = Object.hasOwn(PATCHES, type) ? PATCHES[type] : undefined;
  if (apply === undefined || !accepted.includes(type)) throw unsupportedMediaType(accepted);
  return { apply, type };
}

async function patch(world: World, call: Call): Promise<Response> {
  checkSubresource(call);
  const target = targetOf(call);
  const { apply, type } = patchOf(call);
  const given = await readJson(call.request, [type]);
  const { schema } = call.resource;
  return change(world, call, { target, made: (current) => apply(current, given, schema) });
}

async function deleteOne(world: World, call: Call): Promise<Response> {
  const { resource, path, query, request } = call;
  if (path.subresource !== undefined) throw methodNotAllowed();
  const target = targetOf(call);
  const options = deleteOptions(await readJson(request), query);
  const { object, gone } = remove(world, target, { object: named(world, call), options });
  const { name, uid } = object.metadata;
  // Only pods come back whole when they are gone at once.
  if (!gone || resource.table === 'pods') return answer(world, call, object);
  return json(success(resource, name, uid));
}

async function deleteAll(world: World, call: Call): Promise<Response> {
  const { resource, query, request } = call;
  const target = targetOf(call);
  if (resource.namespaced && target.namespace === undefined) throw methodNotAllowed();
  const options = deleteOptions(await readJson(request), query);
  const matches = matcherOf(resource, query);
  const all = world.store.list(resource.table, target.namespace);
  const items = (matches ? all.filter(matches) : all).map(
    (object) => remove(world, target, { object, options }).object,
  );
  const presenting = { resource, form: formOf(request, query), now: world.now() };
  return jsonText(pageText({ items, resourceVersion: String(world.store.version) }, presenting));
}
