// JSON patch, RFC 6902.
import { isEqual, isObject, stringAt } from '../json.ts';
import type { JsonObject } from '../json.ts';
import { ApiError, badRequest } from '../status.ts';

type Container = JsonObject | unknown[];

/** The API's answer to a patch that is well formed but does not fit the object. */
const unfit = (message: string): ApiError =>
  new ApiError(
    { code: 422, reason: 'Invalid' },
    `the server rejected our request due to an error in our request: ${message}`,
  );

const steps = (pointer: string): string[] => {
  if (pointer === '') return [];
  if (!pointer.startsWith('/')) throw badRequest(`"${pointer}" is not a JSON pointer`);
  return pointer
    .slice(1)
    .split('/')
    .map((step) => step.replaceAll('~1', '/').replaceAll('~0', '~'));
};

function read(document: unknown, pointer: string): unknown {
  let value = document;
  for (const step of steps(pointer)) {
    const next: unknown = Array.isArray(value)
      ? value[indexIn(value, step)]
      : objectStep(value, step);
    if (next === undefined) throw unfit(`there is nothing at ${pointer}`);
    value = next;
  }
  return value;
}

const objectStep = (value: unknown, step: string): unknown =>
  isObject(value) && Object.hasOwn(value, step) ? value[step] : undefined;

function indexIn(list: unknown[], step: string): number {
  const index = Number(step);
  if (!/^\d+$/.test(step) || index > list.length) throw unfit(`there is no index ${step}`);
  return index;
}

function parentOf(document: unknown, pointer: string): { parent: Container; last: string } {
  const path = steps(pointer);
  const last = path.pop() ?? '';
  const parent = read(
    document,
    path.map((step) => `/${step.replaceAll('~', '~0').replaceAll('/', '~1')}`).join(''),
  );
  if (!Array.isArray(parent) && !isObject(parent)) throw unfit(`there is nothing at ${pointer}`);
  return { parent, last };
}

function add(document: unknown, pointer: string, value: unknown): unknown {
  if (pointer === '') return value;
  const { parent, last } = parentOf(document, pointer);
  if (!Array.isArray(parent)) parent[last] = value;
  else if (last === '-') parent.push(value);
  else parent.splice(indexIn(parent, last), 0, value);
  return document;
}

function remove(document: unknown, pointer: string): unknown {
  read(document, pointer);
  const { parent, last } = parentOf(document, pointer);
  if (Array.isArray(parent)) parent.splice(indexIn(parent, last), 1);
  // The copy under change is ours, and the key came from the user.
  else Reflect.deleteProperty(parent, last);
  return document;
}

function replace(document: unknown, pointer: string, value: unknown): unknown {
  if (pointer === '') return value;
  // A field that is not there is added: so does the real server, against the RFC.
  const { parent, last } = parentOf(document, pointer);
  if (Array.isArray(parent)) parent[indexIn(parent, last)] = value;
  else parent[last] = value;
  return document;
}

function test(document: unknown, pointer: string, value: unknown): unknown {
  if (!isEqual(read(document, pointer), value)) throw unfit(`testing value ${pointer} failed`);
  return document;
}

function step(document: unknown, operation: unknown): unknown {
  if (!isObject(operation)) throw badRequest('a JSON patch is a list of operations');
  const path = stringAt(operation, 'path') ?? '';
  const from = stringAt(operation, 'from') ?? '';
  switch (operation['op']) {
    case 'add':
      return add(document, path, operation['value']);
    case 'remove':
      return remove(document, path);
    case 'replace':
      return replace(document, path, operation['value']);
    case 'copy':
      return add(document, path, structuredClone(read(document, from)));
    case 'move': {
      const moved = read(document, from);
      return add(remove(document, from), path, moved);
    }
    case 'test':
      return test(document, path, operation['value']);
    default:
      throw badRequest(
        `unexpected kind of JSON patch operation: ${JSON.stringify(operation['op'])}`,
      );
  }
}

export function jsonPatch(target: unknown, patch: unknown): unknown {
  if (!Array.isArray(patch)) throw badRequest('a JSON patch is a list of operations');
  return patch.reduce(step, structuredClone(target));
}
