// Failures as the API tells them: an HTTP code and a Status object.
import type { JsonObject } from './json.ts';

export interface Cause {
  reason: string;
  message: string;
  field: string;
}

/** What a Status names: the plural, and the group unless it is the core one. */
export interface Subject {
  group: string;
  plural: string;
}

interface Facts {
  details?: JsonObject;
  retryAfterSeconds?: number;
}

/** A refusal with its Status; anything else that is thrown is a bug of ours and becomes a 500. */
export class ApiError extends Error {
  override readonly name = 'ApiError';
  readonly code: number;
  readonly reason: string;
  readonly details?: JsonObject;
  readonly retryAfterSeconds?: number;

  constructor(
    { code, reason }: { code: number; reason: string },
    message: string,
    facts: Facts = {},
  ) {
    super(message);
    this.code = code;
    this.reason = reason;
    Object.assign(this, facts);
  }
}

const resourceName = ({ group, plural }: Subject): string =>
  group === '' ? plural : `${plural}.${group}`;

const about = ({ group, plural }: Subject, name: string): JsonObject => ({
  ...(name === '' ? {} : { name }),
  ...(group === '' ? {} : { group }),
  kind: plural,
});

export function statusOf(error: ApiError): JsonObject {
  return {
    kind: 'Status',
    apiVersion: 'v1',
    metadata: {},
    status: 'Failure',
    message: error.message,
    reason: error.reason,
    ...(error.details ? { details: error.details } : {}),
    code: error.code,
  };
}

export const success = (subject: Subject, name: string, uid: string): JsonObject => ({
  kind: 'Status',
  apiVersion: 'v1',
  metadata: {},
  status: 'Success',
  details: { ...about(subject, name), uid },
});

export const badRequest = (message: string): ApiError =>
  new ApiError({ code: 400, reason: 'BadRequest' }, message);

export const unauthorized = (): ApiError =>
  new ApiError({ code: 401, reason: 'Unauthorized' }, 'Unauthorized');

export const forbidden = (
  subject: Subject & { name?: string },
  why: string,
  causes?: Cause[],
): ApiError => {
  const { name = '' } = subject;
  return new ApiError(
    { code: 403, reason: 'Forbidden' },
    `${resourceName(subject)} ${name === '' ? '' : `"${name}" `}is forbidden: ${why}`,
    { details: { ...about(subject, name), ...(causes ? { causes } : {}) } },
  );
};

export const notFound = (subject: Subject, name: string): ApiError =>
  new ApiError({ code: 404, reason: 'NotFound' }, `${resourceName(subject)} "${name}" not found`, {
    details: about(subject, name),
  });

/** For a path that none of the groups has: the one refusal without a Status. */
export class NoSuchPage extends Error {
  override readonly name = 'NoSuchPage';
  override readonly message = '404 page not found';
}

/** For a path that leads nowhere. */
export const noSuchPath = (): ApiError =>
  new ApiError(
    { code: 404, reason: 'NotFound' },
    'the server could not find the requested resource',
    {
      details: {},
    },
  );

export const methodNotAllowed = (): ApiError =>
  new ApiError(
    { code: 405, reason: 'MethodNotAllowed' },
    'the server does not allow this method on the requested resource',
    { details: {} },
  );

export const alreadyExists = (subject: Subject, name: string): ApiError =>
  new ApiError(
    { code: 409, reason: 'AlreadyExists' },
    `${resourceName(subject)} "${name}" already exists`,
    { details: about(subject, name) },
  );

export const conflict = (subject: Subject, name: string, why: string): ApiError =>
  new ApiError(
    { code: 409, reason: 'Conflict' },
    `Operation cannot be fulfilled on ${resourceName(subject)} "${name}": ${why}`,
    { details: about(subject, name) },
  );

export const expired = (message: string): ApiError =>
  new ApiError({ code: 410, reason: 'Expired' }, message);

export const notAcceptable = (offered: string[]): ApiError =>
  new ApiError(
    { code: 406, reason: 'NotAcceptable' },
    `only the following media types are accepted: ${offered.join(', ')}`,
  );

export const unsupportedMediaType = (accepted: string[]): ApiError =>
  new ApiError(
    { code: 415, reason: 'UnsupportedMediaType' },
    `the body of the request was in an unknown format - accepted media types include: ${accepted.join(', ')}`,
  );

/** `kind` with its group in braces, as in `Pod "a" is invalid` and `Role.rbac... "a" is invalid`. */
export function invalid(
  { group, kind }: { group: string; kind: string },
  name: string,
  causes: readonly Cause[],
): ApiError {
  const told = causes.map(({ field, message }) =>
    field === '' ? message : `${field}: ${message}`,
  );
  const list = told.length === 1 ? (told[0] ?? '') : `[${told.join(', ')}]`;
  return new ApiError(
    { code: 422, reason: 'Invalid' },
    `${group === '' ? kind : `${kind}.${group}`} "${name}" is invalid: ${list}`,
    {
      details: {
        ...(name === '' ? {} : { name }),
        ...(group === '' ? {} : { group }),
        kind,
        causes,
      },
    },
  );
}

/** For what a real cluster has and this one lacks; `what` names it. */
export const notImplemented = (what: string): ApiError =>
  new ApiError(
    { code: 501, reason: 'NotImplemented' },
    `${what} is not implemented by this cluster`,
  );

export const tooLargeVersion = (wanted: string, current: number): ApiError =>
  new ApiError(
    { code: 504, reason: 'Timeout' },
    `Timeout: Too large resource version: ${wanted}, current: ${current}`,
    {
      details: {
        causes: [{ reason: 'ResourceVersionTooLarge', message: 'Too large resource version' }],
        retryAfterSeconds: 1,
      },
      retryAfterSeconds: 1,
    },
  );

const cause =
  (reason: string, words: string) =>
  (field: string, detail = ''): Cause => ({
    reason,
    message: detail === '' ? words : `${words}: ${detail}`,
    field,
  });

export const required = cause('FieldValueRequired', 'Required value');
export const forbiddenField = cause('FieldValueForbidden', 'Forbidden');

export const duplicate = (field: string, value: unknown): Cause =>
  cause('FieldValueDuplicate', 'Duplicate value')(field, JSON.stringify(value));

export const invalidValue = (field: string, value: unknown, why: string): Cause =>
  cause('FieldValueInvalid', 'Invalid value')(field, `${JSON.stringify(value)}: ${why}`);

export const wrongType = (field: string, given: string, wanted: string): Cause =>
  cause('FieldValueTypeInvalid', 'Invalid value')(
    field,
    `"${given}": ${field} in body must be of type ${wanted}: "${given}"`,
  );

export const wrongFormat = (field: string, value: string, format: string): Cause =>
  cause('FieldValueTypeInvalid', 'Invalid value')(
    field,
    `"${value}": ${field} in body must be of type ${format}: "${value}"`,
  );

export const unsupportedValue = (field: string, value: unknown, supported: unknown[]): Cause =>
  cause('FieldValueNotSupported', 'Unsupported value')(
    field,
    `${JSON.stringify(value)}: supported values: ${supported.map((item) => JSON.stringify(item)).join(', ')}`,
  );

export const tooLong = (field: string, limit: number): Cause =>
  cause('FieldValueTooLong', 'Too long')(field, `may not be more than ${limit} bytes`);

export const tooMany = (field: string, { has, limit }: { has: number; limit: number }): Cause =>
  cause('FieldValueTooMany', 'Too many')(field, `${has}: must have at most ${limit} items`);

export const notFoundField = (field: string, value: unknown): Cause =>
  cause('FieldValueNotFound', 'Not found')(field, JSON.stringify(value));
