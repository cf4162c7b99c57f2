// A piece of a workflow file with its expressions still in it, as plain JSON: it can be kept, sent, and filled in later.
import { evaluate } from './expression.ts';
import type { Json, Scope } from './expression.ts';

export type Template =
  | null
  | boolean
  | number
  | string
  | readonly Template[]
  | { readonly expr: string }
  | { readonly fields: readonly (readonly [key: TemplateKey, value: Template])[] };

/** `insert` is the key `${{ insert }}`: the entries of its value come in its place. */
export type TemplateKey = string | { readonly expr: string } | { readonly insert: true };

/** Throws an `ExpressionFailure` when an expression in it cannot be evaluated. */
export function fill(template: Template, scope: Scope): Json {
  if (template === null || typeof template !== 'object') return template;
  if (isList(template)) return template.map((item) => fill(item, scope));
  if ('expr' in template) return evaluate(template.expr, scope);
  return Object.fromEntries(template.fields.flatMap(([key, value]) => entries(key, value, scope)));
}

function entries(key: TemplateKey, value: Template, scope: Scope): [string, Json][] {
  const filled = fill(value, scope);
  if (typeof key === 'string') return [[key, filled]];
  if ('expr' in key) return [[textOf(evaluate(key.expr, scope)), filled]];
  return isRecord(filled) ? Object.entries(filled) : [];
}

/** A template that is a map, read entry by entry without filling anything in. */
export function entriesOf(
  template: Template | undefined,
): readonly (readonly [string, Template])[] {
  if (typeof template !== 'object' || template === null || !('fields' in template)) return [];
  return template.fields.flatMap(([key, value]) =>
    typeof key === 'string' ? [[key, value] as const] : [],
  );
}

/** Text as an expression inside a string gives it: nothing for null, a name for what has no text. */
export function textOf(value: Json | undefined): string {
  if (value === undefined || value === null) return '';
  if (Array.isArray(value)) return 'Array';
  return typeof value === 'object' ? 'Object' : String(value);
}

export const isRecord = (value: Json | undefined): value is Record<string, Json> =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

const isList = (template: Template): template is readonly Template[] => Array.isArray(template);
