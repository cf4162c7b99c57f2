// Label and field selectors.
import { isObject, objectAt, objectsAt, stringAt, stringsAt } from './json.ts';
import type { JsonObject } from './json.ts';
import type { KubeObject } from './object.ts';
import type { Resource } from './resource.ts';
import { badRequest } from './status.ts';

export type Matcher = (object: KubeObject) => boolean;

type LabelTest = (labels: Record<string, string>) => boolean;

const SET = /^(\S+)\s+(in|notin)\s*\(([^)]*)\)$/;
const COMPARED = /^([^\s!=<>]+)\s*(==|=|!=)\s*([^\s!=<>]*)$/;
const PRESENT = /^(!?)\s*([^\s!=<>()]+)$/;

/** Splits at commas, but not inside the parentheses of `in (a, b)`. */
const requirements = (selector: string): string[] =>
  selector
    .split(/,(?![^(]*\))/)
    .map((part) => part.trim())
    .filter((part) => part !== '');

function labelTest(requirement: string): LabelTest {
  const set = SET.exec(requirement);
  if (set) return setTest(set);
  const compared = COMPARED.exec(requirement);
  if (compared) {
    const [, key = '', operator, value = ''] = compared;
    return (labels) => (labels[key] === value) === (operator !== '!=');
  }
  const present = PRESENT.exec(requirement);
  if (!present) throw badRequest(`unable to parse requirement: ${requirement}`);
  const [, not, key = ''] = present;
  return (labels) => key in labels === (not !== '!');
}

function setTest([, key = '', operator, list = '']: RegExpExecArray): LabelTest {
  const values = new Set(list.split(',').map((value) => value.trim()));
  return (labels) => (key in labels && values.has(labels[key] ?? '')) === (operator === 'in');
}

function labelMatcher(selector: string): Matcher {
  const tests = requirements(selector).map(labelTest);
  return ({ metadata: { labels = {} } }) => tests.every((test) => test(labels));
}

function fieldValue(object: KubeObject, path: string): string {
  let value: unknown = object;
  for (const step of path.split('.')) value = isObject(value) ? value[step] : undefined;
  return typeof value === 'string' || typeof value === 'number' || typeof value === 'boolean'
    ? String(value)
    : '';
}

function fieldMatcher(resource: Resource, selector: string): Matcher {
  const known = new Set(['metadata.name', 'metadata.namespace', ...resource.selectable]);
  const tests = requirements(selector).map((requirement): Matcher => {
    const [, path = '', operator, value = ''] = COMPARED.exec(requirement) ?? [];
    if (path === '') {
      throw badRequest(`invalid selector: '${selector}'; can't understand '${requirement}'`);
    }
    if (!known.has(path)) {
      throw badRequest(
        `Unable to find "${resource.group === '' ? '' : `${resource.group}/`}${resource.version}, Resource=${resource.plural}" that match label selector "", field selector "${selector}": field label not supported: ${path}`,
      );
    }
    return (object) => (fieldValue(object, path) === value) === (operator !== '!=');
  });
  return (object) => tests.every((test) => test(object));
}

/** Whether a LabelSelector, as objects carry it, chooses these labels; an empty one chooses all, none none. */
export function selects(
  selector: JsonObject | undefined,
  labels: Readonly<Record<string, string>>,
): boolean {
  if (selector === undefined) return false;
  const wanted = Object.entries(objectAt(selector, 'matchLabels') ?? {});
  return (
    wanted.every(([key, value]) => labels[key] === value) &&
    objectsAt(selector, 'matchExpressions').every((expression) => holds(expression, labels))
  );
}

function holds(expression: JsonObject, labels: Readonly<Record<string, string>>): boolean {
  const key = stringAt(expression, 'key') ?? '';
  const value = labels[key];
  const isAmong = value !== undefined && stringsAt(expression, 'values').includes(value);
  switch (stringAt(expression, 'operator')) {
    case 'In':
      return isAmong;
    case 'NotIn':
      return !isAmong;
    case 'Exists':
      return value !== undefined;
    case 'DoesNotExist':
    case undefined:
    default:
      return value === undefined;
  }
}

/** The name that a field selector asks for, if it asks for just one: RBAC may allow that name only. */
export function selectedName(fieldSelector: string | null): string | undefined {
  const named = requirements(fieldSelector ?? '').flatMap((requirement) => {
    const [, path, operator, value] = COMPARED.exec(requirement) ?? [];
    return path === 'metadata.name' && operator !== '!=' && value !== undefined ? [value] : [];
  });
  return named[0];
}

/** Undefined when every object matches. */
export function matcherOf(resource: Resource, query: URLSearchParams): Matcher | undefined {
  const labels = query.get('labelSelector') ?? '';
  const fields = query.get('fieldSelector') ?? '';
  const tests = [
    ...(labels === '' ? [] : [labelMatcher(labels)]),
    ...(fields === '' ? [] : [fieldMatcher(resource, fields)]),
  ];
  if (tests.length === 0) return undefined;
  return (object) => tests.every((test) => test(object));
}
