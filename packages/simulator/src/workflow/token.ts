// The parser's tokens to plain templates.
import { ensureStatusFunction } from '@actions/workflow-parser/model/converter/if-condition';
import {
  isBasicExpression,
  isBoolean,
  isMapping,
  isNumber,
  isSequence,
  isString,
} from '@actions/workflow-parser/templates/tokens/type-guards';
import type {
  MappingToken,
  ScalarToken,
  TemplateToken,
} from '@actions/workflow-parser/templates/tokens/index';
import { LineCounter, isScalar, parseDocument, visit } from 'yaml';
import type { Template, TemplateKey } from './template.ts';

/**
 * Texts over several lines that hold expressions, by place. The parser makes its expressions of such a text from
 * the file's characters, with their indentation, and not from what YAML says they mean.
 */
export type LongTexts = ReadonlyMap<string, string>;

export function longTexts(content: string): LongTexts {
  const lines = new LineCounter();
  const texts = new Map<string, string>();
  visit(parseDocument(content, { lineCounter: lines }), {
    Scalar(_key, node) {
      if (!isScalar(node) || typeof node.value !== 'string' || !node.range) return;
      const [start, end] = node.range;
      if (!node.value.includes('${{') || !content.slice(start, end).includes('\n')) return;
      const { line, col } = lines.linePos(start);
      texts.set(place(line, col), node.value);
    },
  });
  return texts;
}

const place = (line: number, column: number): string => `${line}:${column}`;

export function entryOf(mapping: MappingToken | undefined, key: string): TemplateToken | undefined {
  return mapping?.find(key);
}

export function templateOf(
  token: TemplateToken | undefined,
  texts: LongTexts,
): Template | undefined {
  return token === undefined ? undefined : convert(token, texts);
}

/** The condition as GitHub reads it: `success()` and what is written, unless that asks for a status itself. */
export function conditionOf(token: TemplateToken | undefined, texts: LongTexts): string {
  const written = templateOf(token, texts);
  const isExpression = typeof written === 'object' && written !== null && 'expr' in written;
  const condition = (isExpression ? written.expr : textOfScalar(written)).trim();
  return condition === '' ? 'success()' : ensureStatusFunction(condition, token?.definitionInfo);
}

const textOfScalar = (value: Template | undefined): string =>
  value === undefined || value === null || typeof value === 'object' ? '' : String(value);

function convert(token: TemplateToken, texts: LongTexts): Template {
  if (isString(token) || isNumber(token) || isBoolean(token)) return token.value;
  if (isBasicExpression(token)) return { expr: expressionOf(token, texts) };
  if (isSequence(token)) return [...token].map((item) => convert(item, texts));
  if (!isMapping(token)) return null;
  const fields = [...token].map(({ key, value }) => [keyOf(key), convert(value, texts)] as const);
  return { fields };
}

function keyOf(token: ScalarToken): TemplateKey {
  if (isBasicExpression(token)) return { expr: token.expression };
  if (token.isExpression) return { insert: true };
  return token.toString();
}

function expressionOf(
  token: TemplateToken & { readonly expression: string },
  texts: LongTexts,
): string {
  const start = token.range?.start;
  const text = start && texts.get(place(start.line, start.column));
  return text === undefined ? token.expression : joined(text);
}

// An expression ends at the first `}}` that is outside of a quoted text of its own.
const EXPRESSION = /\$\{\{((?:'(?:[^']|'')*'|[^'])*?)\}\}/g;

/** `a ${{ b }}` to `format('a {0}', b)`; a text that is one expression stays that expression. */
function joined(text: string): string {
  const expressions = [...text.matchAll(EXPRESSION)].map((match) => (match[1] ?? '').trim());
  const [only = ''] = expressions;
  if (expressions.length === 1 && text.replace(EXPRESSION, '') === '') return only;
  let index = 0;
  const literals = text.split(EXPRESSION).filter((_, part) => part % 2 === 0);
  const pattern = literals
    .map((literal) => literal.replaceAll('{', '{{').replaceAll('}', '}}').replaceAll("'", "''"))
    .reduce((left, right) => `${left}{${index++}}${right}`);
  return `format(${[`'${pattern}'`, ...expressions].join(', ')})`;
}
