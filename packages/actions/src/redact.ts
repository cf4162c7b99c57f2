// Keeps credentials out of messages and causes. What is known is cut out by value, the rest by its looks: a proxy
// may well send a request's headers back in its error page.

const LOOKS = [
  /-----BEGIN [^-]*PRIVATE KEY-----[^]*?(?:-----END [^-]*-----|$)/g,
  /\beyJ[\w-]*\.[\w-]+(?:\.[\w-]*)?/g,
  /\b(?:gh[a-z]_|github_pat_)\w+/g,
  // No sentence has a word so long; a JIT config is one.
  /[A-Za-z0-9+/_-]{100,}={0,2}/g,
];
const AFTER_ITS_NAME =
  /((?:token|secret|password|authorization|jitconfig)["']?\s*[:=]\s*["']?)(?:\w+\s+)?[^"'\s,}&]{8,}/gi;
const BEARER = /\b(bearer|remoteauth|basic)\s+[^"'\s,}]{8,}/gi;
/** A queue's URL may carry a signature. */
const QUERY = /(\bhttps?:\/\/[^\s"'?]*\?)[^\s"']+/gi;
const USER_INFO = /(\/\/)[^/\s"'@]*@/g;
const SHORTEST_SECRET = 4;

export type Redact = (text: string) => string;

// A far side writes as much as it likes, and to look for secrets takes more than linear time: a megabyte made for it
// would hold up the whole program for minutes.
const LONGEST_SEARCHED = 16_384;
/** No further than a text is searched for secrets; a word that this cuts in two, half a secret maybe, goes with it. */
const searched = (text: string): string =>
  text.length > LONGEST_SEARCHED ? text.slice(0, LONGEST_SEARCHED).replace(/\S*$/, '') : text;

export function redactor(secrets: readonly string[]): Redact {
  const known = secrets.filter((secret) => secret.length >= SHORTEST_SECRET);
  return (text) => {
    let clean = searched(text);
    for (const secret of known) clean = clean.replaceAll(secret, '***');
    for (const look of LOOKS) clean = clean.replace(look, '***');
    return clean
      .replace(BEARER, '$1 ***')
      .replace(AFTER_ITS_NAME, '$1***')
      .replace(QUERY, '$1***')
      .replace(USER_INFO, '$1***@');
  };
}

/** A URL as a message may show it: no user-info, no query. */
export const shownUrl = (url: string): string =>
  url.replace(/[?#].*$/s, '').replace(/^([^/]*\/\/)?[^/]*@/, '$1');

const DEEPEST = 5;

/** An error's own chain of names, codes and messages, without whatever else was attached to it. */
export function plainCause(error: unknown, redact: Redact, depth = 0): Error | undefined {
  if (!(error instanceof Error) || depth > DEEPEST) return undefined;
  const inner = innerErrors(error)
    .map((one) => plainCause(one, redact, depth + 1))
    .find((one) => one !== undefined);
  const plain = new Error(redact(error.message), inner && { cause: inner });
  plain.name = error.name;
  delete plain.stack;
  return Object.assign(plain, codeOf(error));
}

// An AggregateError holds one failure for each address that was tried; the first tells enough.
const innerErrors = (error: Error): unknown[] =>
  error instanceof AggregateError ? (error.errors as unknown[]) : [error.cause];

export function codeOf(error: Error): { code?: string } {
  const { code } = error as { code?: unknown };
  return typeof code === 'string' ? { code } : {};
}
