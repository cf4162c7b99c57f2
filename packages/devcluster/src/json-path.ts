// The part of JSONPath that printer columns use: fields, indexes, wildcards and simple filters.
import { isObject } from './json.ts';

type Step =
  | { field: string }
  | { index: number }
  | 'all'
  | { where: { path: Step[]; operator: string; value: unknown } };

const TOKEN =
  /\.([\w$-]+(?:\\\.[\w$-]+)*)|\[(?:'((?:[^'\\]|\\.)*)'|"((?:[^"\\]|\\.)*)"|(-?\d+)|(\*)|\?\(@((?:[^)])*)\))\]|\.(\*)/y;
const FILTER = /^\s*([^=!<>\s]+)\s*(==|!=)\s*(.+?)\s*$/;

function parse(path: string): Step[] {
  const text = path.startsWith('.') || path.startsWith('[') ? path : `.${path}`;
  const steps: Step[] = [];
  TOKEN.lastIndex = 0;
  while (TOKEN.lastIndex < text.length) {
    const found = TOKEN.exec(text);
    if (!found) return [];
    steps.push(stepOf(found));
  }
  return steps;
}

function stepOf(found: RegExpExecArray): Step {
  const [, plain, single, double, index, all, filter, dotAll] = found;
  const field = plain ?? single ?? double;
  if (field !== undefined) return { field: field.replaceAll(/\\(.)/g, '$1') };
  if (index !== undefined) return { index: Number(index) };
  return (all ?? dotAll) === undefined ? filterStep(filter ?? '') : 'all';
}

function filterStep(filter: string): Step {
  const [, path = '', operator = '==', value = ''] = FILTER.exec(filter) ?? [];
  // The pattern remembers where it is; a filter's own path must not move it.
  const at = TOKEN.lastIndex;
  const where = { path: parse(path), operator, value: literal(value) };
  TOKEN.lastIndex = at;
  return { where };
}

function literal(text: string): unknown {
  const quoted = /^(['"])(.*)\1$/.exec(text)?.[2];
  if (quoted !== undefined) return quoted;
  if (text === 'true' || text === 'false') return text === 'true';
  return Number.isNaN(Number(text)) ? text : Number(text);
}

function apply(step: Step, value: unknown): unknown[] {
  const items: unknown[] = Array.isArray(value) ? value : [];
  if (step === 'all') return isObject(value) ? Object.values(value) : items;
  if ('field' in step) {
    return isObject(value) && value[step.field] !== undefined ? [value[step.field]] : [];
  }
  if ('index' in step) {
    const item = items.at(step.index);
    return item === undefined ? [] : [item];
  }
  const { path, operator, value: wanted } = step.where;
  return items.filter((item) => walk(path, item).includes(wanted) === (operator === '=='));
}

const walk = (steps: Step[], root: unknown): unknown[] =>
  steps.reduce<unknown[]>((values, step) => values.flatMap((value) => apply(step, value)), [root]);

/** A function that gives every value at the path. */
export function jsonPath(path: string): (root: unknown) => unknown[] {
  const steps = parse(path);
  return (root) => (steps.length === 0 ? [] : walk(steps, root));
}
