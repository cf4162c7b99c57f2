// JSON bodies: keys without regard to case as .NET reads them, and unknown ones reported.
import { z } from 'zod';
import { badRequest } from './answer.ts';
import type { Context } from './route.ts';

/** The parsed body; throws a refusal that names the field. An absent body is an empty object. */
export function readBody<T extends z.ZodObject>(context: Context, schema: T): z.infer<T> {
  const raw = readJson(context);
  const body = raw === undefined ? {} : raw;
  if (!isRecord(body)) throw badRequest('the body must be a JSON object');
  const unknown: string[] = [];
  const read = spelled(body, schema, (key) => unknown.push(key));
  // The real service ignores what it does not know; a client should not send it all the same.
  for (const key of unknown)
    context.service.violate(context.request, `unknown field ${key}`, false);
  return check(schema, read);
}

/** With the schema's spelling of its keys, and without those that it has not. */
function spelled(value: unknown, schema: unknown, odd: (key: string) => void): unknown {
  if (schema instanceof z.ZodOptional || schema instanceof z.ZodNullable) {
    return spelled(value, schema.unwrap(), odd);
  }
  if (schema instanceof z.ZodArray && Array.isArray(value)) {
    return value.map((item) => spelled(item, schema.element, odd));
  }
  if (!(schema instanceof z.ZodObject) || !isRecord(value)) return value;
  const known = new Map(Object.keys(schema.shape).map((key) => [key.toLowerCase(), key]));
  const fields: Record<string, unknown> = {};
  for (const [key, field] of Object.entries(value)) {
    const name = known.get(key.toLowerCase());
    if (name === undefined) odd(key);
    else fields[name] = spelled(field, schema.shape[name], odd);
  }
  return fields;
}

const isRecord = (value: unknown): value is Record<string, unknown> =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

export function check<T extends z.ZodType>(schema: T, value: unknown): z.infer<T> {
  const result = schema.safeParse(value);
  if (result.success) return result.data;
  const problems = result.error.issues.map(
    ({ path, message }) => `${path.join('.') || 'the body'}: ${message}`,
  );
  throw badRequest(problems.join('; '));
}

/** Undefined for an empty body. */
export function readJson({ request }: Context): unknown {
  const { body } = request;
  if (body.trim() === '') return undefined;
  const type = request.header('content-type') ?? '';
  if (!type.includes('json')) throw badRequest(`a JSON body must not be sent as "${type}"`);
  try {
    return JSON.parse(body);
  } catch {
    throw badRequest('the body is not JSON');
  }
}
