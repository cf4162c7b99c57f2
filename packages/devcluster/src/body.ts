// What was sent, as an object of its kind: unknown fields are dropped, told of, or refused.
import type { Call } from './call.ts';
import { isObject } from './json.ts';
import { decode } from './schema/decode.ts';
import { badRequest, forbiddenField, invalid, invalidValue, unsupportedValue } from './status.ts';
import type { ApiError } from './status.ts';

type Validation = 'Strict' | 'Warn' | 'Ignore';

/** Throws for a value that does not exist. */
function fieldValidation({ query }: Call): Validation {
  const given = query.get('fieldValidation') ?? '';
  if (given === '') return 'Warn';
  if (given === 'Strict' || given === 'Warn' || given === 'Ignore') return given;
  throw wrongOption(
    'fieldValidation',
    unsupportedValue('fieldValidation', given, ['Ignore', 'Strict', 'Warn']).message,
  );
}

const OPTIONS = { POST: 'CreateOptions', PUT: 'UpdateOptions', PATCH: 'PatchOptions' } as Record<
  string,
  string
>;

const wrongOption = (field: string, message: string, method = 'POST'): ApiError =>
  invalid({ group: 'meta.k8s.io', kind: OPTIONS[method] ?? 'DeleteOptions' }, '', [
    { ...forbiddenField(field), reason: 'FieldValueNotSupported', message },
  ]);

/** True for `dryRun=All`; any other value is refused. */
export function isDryRun({ query, request }: Call): boolean {
  const all = query.getAll('dryRun');
  const odd = all.find((value) => value !== 'All');
  if (odd === undefined) return all.length > 0;
  throw wrongOption('dryRun', unsupportedValue('dryRun', odd, ['All']).message, request.method);
}

/** The body without what its kind does not name; each such field warns, or is the reason to refuse. */
export function understand(call: Call, body: unknown, warn: (text: string) => void): unknown {
  const { resource, verb, path } = call;
  const validation = fieldValidation(call);
  if (resource.schema === undefined || !isObject(body)) return body;
  const { value, unknown, wrong } = decode(resource.schema, body, resource.custom === true);
  const { kind, version } = resource;
  const cannot = `${kind} in version "${version}" cannot be handled as a ${kind}`;
  if (wrong[0] !== undefined) throw badRequest(`${cannot}: ${wrong[0]}`);
  const told = unknown.map((field) => `unknown field "${field}"`);
  if (told.length === 0 || validation === 'Ignore') return value;
  if (validation === 'Warn') told.forEach(warn);
  else if (verb === 'patch') {
    const why = `strict decoding error: ${told.join(', ')}`;
    throw invalid(resource, path.name ?? '', [invalidValue('patch', '', why)]);
  } else throw badRequest(`${cannot}: strict decoding error: ${told.join(', ')}`);
  return value;
}
