// GitHub's expressions, evaluated over plain JSON. Knows no workflow: contexts and status functions are given.
import { Evaluator, Lexer, Parser, data } from '@actions/expressions';
import type { FunctionDefinition } from '@actions/expressions/funcs/info';
import { TokenType } from '@actions/expressions/lexer';
import type { Token } from '@actions/expressions/lexer';
import { equals, truthy } from '@actions/expressions/result';

export type Json = null | boolean | number | string | Json[] | { [key: string]: Json };

export interface Scope {
  readonly contexts: Readonly<Record<string, Json>>;
  /** `success`, `failure`, `always`, `cancelled`, `hashFiles`: what only the caller can know. */
  readonly functions?: Readonly<Record<string, (args: Json[]) => Json>>;
}

/** An expression that cannot be evaluated, in words for the person who wrote it. */
class ExpressionFailure extends Error {
  readonly expression: string;

  constructor(expression: string, cause: unknown) {
    const why = cause instanceof Error ? cause.message : String(cause);
    super(`could not evaluate \${{ ${expression} }}: ${why}`, { cause });
    this.name = 'ExpressionFailure';
    this.expression = expression;
  }
}

/** Every context of GitHub's; one that the scope does not have is null, and so is anything in it. */
const CONTEXTS = [
  'github',
  'env',
  'vars',
  'job',
  'jobs',
  'steps',
  'runner',
  'secrets',
  'strategy',
  'matrix',
  'needs',
  'inputs',
];

export function evaluate(expression: string, scope: Scope): Json {
  return plain(run(expression, scope));
}

export function isTrue(expression: string, scope: Scope): boolean {
  return truthy(run(expression, scope));
}

/** As `==` in an expression: numbers equal their text, upper and lower case are the same. */
export function looselyEqual(left: Json, right: Json): boolean {
  return equals(rich(left), rich(right));
}

function run(expression: string, scope: Scope): data.ExpressionData {
  try {
    const functions = definitions(scope);
    const parser = new Parser(tokensOf(expression), CONTEXTS, [...functions.values()]);
    const contexts = CONTEXTS.map((key) => ({ key, value: rich(scope.contexts[key] ?? null) }));
    return new Evaluator(parser.parse(), new data.Dictionary(...contexts), functions).evaluate();
  } catch (error) {
    throw new ExpressionFailure(expression, error);
  }
}

/** In a text, two quotes stand for one. The lexer heeds that for the first two only. */
function tokensOf(expression: string): Token[] {
  return new Lexer(expression).lex().tokens.map((token) => {
    if (token.type !== TokenType.STRING) return token;
    return { ...token, value: token.lexeme.slice(1, -1).replaceAll("''", "'") };
  });
}

function definitions({ functions = {} }: Scope): Map<string, FunctionDefinition> {
  return new Map(
    Object.entries(functions).map(([name, call]) => [
      name.toLowerCase(),
      { name, minArgs: 0, maxArgs: 255, call: (...args) => rich(call(args.map(plain))) },
    ]),
  );
}

const rich = (value: Json): data.ExpressionData =>
  JSON.parse(JSON.stringify(value), data.reviver) as data.ExpressionData;

const plain = (value: data.ExpressionData): Json =>
  JSON.parse(JSON.stringify(value, data.replacer)) as Json;
