// JSON bodies: keys without regard to case as .NET reads them, and unknown ones reported.
import type { z } from 'zod';
import { badRequest } from './answer.ts';
import type { Context } from './route.ts';

/** The parsed body; throws a refusal that names the field. An absent body is an empty object. */
export async function readBody<T extends z.ZodObject>(
  context: Context,
  schema: T,
): Promise<z.infer<T>> {
  const raw = await readJson(context);
  const body = raw === undefined ? {} : raw;
  if (typeof body !== 'object' || body === null || Array.isArray(body)) {
    throw badRequest('the body must be a JSON object');
  }
  const known = new Map(Object.keys(schema.shape).map((key) => [key.toLowerCase(), key]));
  const fields: Record<string, unknown> = {};
  for (const [key, value] of Object.entries(body)) {
    const name = known.get(key.toLowerCase());
    if (name !== undefined) fields[name] = value;
    // The real service ignores what it does not know; a client should not send it all the same.
    else context.service.violate(context.request, `unknown field ${key}`, false);
  }
  return check(schema, fields);
}

export function check<T extends z.ZodType>(schema: T, value: unknown): z.infer<T> {
  const result = schema.safeParse(value);
  if (result.success) return result.data;
  const problems = result.error.issues.map(
    ({ path, message }) => `${path.join('.') || 'the body'}: ${message}`,
  );
  throw badRequest(problems.join('; '));
}

/** Undefined for an empty body. */
export async function readJson({ request }: Context): Promise<unknown> {
  const body = await request.text();
  if (body.trim() === '') return undefined;
  const type = request.headers.get('content-type') ?? '';
  if (!type.includes('json')) throw badRequest(`a JSON body must not be sent as "${type}"`);
  try {
    return JSON.parse(body);
  } catch {
    throw badRequest('the body is not JSON');
  }
}
