// Create, update, patch and delete.
import { mediaType, readJson } from './call.ts';
import type { Call } from './call.ts';
import { deleteOptions, remove } from './delete.ts';
import { isObject } from './json.ts';
import { readBody } from './metadata.ts';
import type { KubeObject } from './object.ts';
import { jsonPatch } from './patch/json-patch.ts';
import { mergePatch } from './patch/merge.ts';
import { strategicMergePatch } from './patch/strategic.ts';
import { named } from './reading.ts';
import { formOf, json, jsonText, objectText, pageText } from './respond.ts';
import { review } from './reviews.ts';
import { prune } from './schema/shape.ts';
import { matcherOf } from './selector.ts';
import {
  badRequest,
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

function targetOf({ resource, path, user, query }: Call): Target {
  const dryRun = query.get('dryRun');
  if (dryRun !== null && dryRun !== 'All')
    throw badRequest(`invalid dryRun "${dryRun}": only All is supported`);
  return {
    resource,
    namespace: resource.namespaced ? path.namespace : undefined,
    user,
    dryRun: dryRun !== null,
  };
}

function answer(world: World, call: Call, object: KubeObject): Response {
  const { resource, query, request, verb } = call;
  const presenting = { resource, form: formOf(request, query), now: world.now() };
  return jsonText(objectText(object, presenting), verb === 'create' ? 201 : 200);
}

async function post(world: World, call: Call): Promise<Response> {
  const { resource, path, user, request } = call;
  const target = targetOf(call);
  const body = await readJson(request);
  if (path.name !== undefined) return postBelow(world, call, { target, body });
  if (resource.virtual)
    return json(await review(world, { resource, user }, readBody(target, body)), 201);
  if (resource.namespaced && path.namespace === undefined) throw methodNotAllowed();
  checkFields(call, body);
  return answer(world, call, create(world, target, body));
}

async function postBelow(
  world: World,
  call: Call,
  { target, body }: { target: Target; body: unknown },
): Promise<Response> {
  const { resource, path } = call;
  const given = isObject(body) ? body : {};
  const kind = `${resource.plural}/${path.subresource ?? ''}`;
  if (path.subresource === undefined) throw methodNotAllowed();
  if (kind === 'pods/binding') {
    bind(world, target, { pod: named(world, call), binding: given });
    return json(
      { kind: 'Status', apiVersion: 'v1', metadata: {}, status: 'Success', code: 201 },
      201,
    );
  }
  if (kind === 'serviceaccounts/token') {
    return json(await requestToken(world, named(world, call), given), 201);
  }
  throw resource.subresources.includes(path.subresource) ? notImplemented(kind) : noSuchPath();
}

/** The object itself and its status are written alike; other subresources are lacking or unknown. */
function checkSubresource({ resource, path: { subresource } }: Call): void {
  if (resource.virtual) throw methodNotAllowed();
  if (subresource === undefined || subresource === 'finalize') return;
  if (!resource.subresources.includes(subresource)) throw noSuchPath();
  if (subresource !== 'status') throw notImplemented(`${resource.plural}/${subresource}`);
}

async function put(world: World, call: Call): Promise<Response> {
  const { path, request } = call;
  checkSubresource(call);
  const target = targetOf(call);
  const body = await readJson(request);
  if (path.name === undefined) throw methodNotAllowed();
  checkFields(call, body);
  const change = { name: path.name, subresource: path.subresource, to: () => body };
  return answer(world, call, update(world, target, change));
}

type Apply = (current: unknown, patch: unknown) => unknown;

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
  const { path, request } = call;
  checkSubresource(call);
  const target = targetOf(call);
  const { apply, type } = patchOf(call);
  const given = await readJson(request, [type]);
  if (path.name === undefined) throw methodNotAllowed();
  const to = (current: KubeObject): unknown => {
    const patched = apply(current, given);
    checkFields(call, patched);
    return patched;
  };
  return answer(
    world,
    call,
    update(world, target, { name: path.name, subresource: path.subresource, to }),
  );
}

/** With fieldValidation=Strict a field that the schema of a custom kind does not name is refused. */
function checkFields({ resource, query }: Call, body: unknown): void {
  const schema = resource.custom?.schema;
  if (query.get('fieldValidation') !== 'Strict' || schema === undefined || !isObject(body)) return;
  const { dropped } = prune(schema, body);
  if (dropped.length === 0) return;
  throw badRequest(
    `strict decoding error: ${dropped.map((path) => `unknown field "${path}"`).join(', ')}`,
  );
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
