// The GitHub URL a user gives: which enterprise, organization or repository it names, and where its API is.
// The host is read from the text as it was written: URL would lower-case it and drop a default port, and GitHub's
// own client does neither (reference/protocol.md 1 and 14).
import { ActionsError } from './errors.ts';
import { shownUrl } from './redact.ts';

export type ConfigScope =
  | { scope: 'enterprise'; enterprise: string }
  | { scope: 'organization'; organization: string }
  | { scope: 'repository'; organization: string; repository: string };

export type ConfigUrl = ConfigScope & {
  /** As registered with the service: the outer slashes trimmed, all else kept. */
  readonly url: string;
  /** For messages: without user-info and query. */
  readonly shown: string;
  /** On github.com or ghe.com, rather than on a GitHub Enterprise Server. */
  readonly isHosted: boolean;
  /** The address of an API path, which starts with a slash. */
  apiUrl(path: string): string;
};

const PARTS = /^(https?):\/\/(?:[^/?#]*@)?([^/?#@]+)([^?#]*)/i;
const HOSTED = new Set(['github.com', 'www.github.com', 'github.localhost']);

/** Throws `invalid-config-url`. */
export function parseConfigUrl(text: string, options: { forceGhes?: boolean } = {}): ConfigUrl {
  const url = trimSlashes(text.trim());
  const [, scheme = '', host = '', path = ''] = PARTS.exec(url) ?? [];
  const scope = URL.canParse(url) ? scopeOf(path) : undefined;
  if (scope === undefined) throw invalid(url);
  const isHosted = options.forceGhes !== true && isHostedName(host);
  const origin = `${scheme.toLowerCase()}://${apiHost(host, isHosted)}`;
  return { ...scope, url, shown: shownUrl(url), isHosted, apiUrl: (at) => origin + at };
}

function scopeOf(path: string): ConfigScope | undefined {
  const [first = '', second, ...more] = trimSlashes(decoded(path)).split('/');
  if (first === '' || second === '' || more.length > 0) return undefined;
  if (second === undefined) return { scope: 'organization', organization: first };
  if (first.toLowerCase() === 'enterprises') return { scope: 'enterprise', enterprise: second };
  return { scope: 'repository', organization: first, repository: second };
}

const isHostedName = (host: string): boolean =>
  HOSTED.has(host.toLowerCase()) || host.endsWith('.ghe.com');

function apiHost(host: string, isHosted: boolean): string {
  if (!isHosted) return `${host}/api/v3`;
  return host.toLowerCase() === 'www.github.com' ? 'api.github.com' : `api.${host}`;
}

const trimSlashes = (text: string): string => text.replace(/^\/+/, '').replace(/\/+$/, '');

function decoded(path: string): string {
  try {
    return decodeURIComponent(path);
  } catch {
    return '';
  }
}

function invalid(url: string): ActionsError {
  return new ActionsError(
    'invalid-config-url',
    `invalid config URL "${shownUrl(url)}": it should point to an enterprise, organization or repository`,
  );
}
