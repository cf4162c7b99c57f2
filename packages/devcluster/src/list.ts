// Lists: whole or page by page, each page of one list from the same moment.
import type { KubeObject } from './object.ts';
import type { Matcher } from './selector.ts';
import {
  badRequest,
  expired,
  forbiddenField,
  invalid,
  tooLargeVersion,
  unsupportedValue,
} from './status.ts';
import type { Resource } from './resource.ts';
import type { World } from './world.ts';

export interface Page {
  items: KubeObject[];
  resourceVersion: string;
  continue?: string;
  remaining?: number;
}

export interface ListWish {
  resource: Resource;
  namespace?: string | undefined;
  matches: Matcher | undefined;
  query: URLSearchParams;
}

/** Where the next page begins: at that version, behind that object. */
interface Mark {
  version: number;
  after: string;
}

const keyOf = ({ metadata: { namespace = '', name } }: KubeObject): string =>
  `${namespace}/${name}`;

const markText = (mark: Mark): string => Buffer.from(JSON.stringify(mark)).toString('base64url');

function readMark(token: string): Mark | undefined {
  if (token === '') return undefined;
  try {
    return JSON.parse(Buffer.from(token, 'base64url').toString()) as Mark;
  } catch {
    throw badRequest('continue key is not valid: it is none of ours');
  }
}

const STALE =
  'The provided continue parameter is too old to display a consistent list result. You can start a new list without the continue parameter, or use the continue token in this response to retrieve the remainder of the results. Continuing with the provided token results in an inconsistent list - objects that were created, modified, or deleted between the time the first chunk was returned and now may show up in the list.';

export function list({ store }: World, wish: ListWish): Page {
  const { resource, namespace, matches, query } = wish;
  const mark = readMark(query.get('continue') ?? '');
  const version = mark?.version ?? versionAsked(store.version, query);
  const all = store.listAt(resource.table, namespace, version);
  if (all === 'expired') throw expired(mark ? STALE : `too old resource version: ${version}`);
  const items = matches ? all.filter(matches) : all;
  const rest = mark ? items.filter((item) => keyOf(item) > mark.after) : items;
  const { remaining, ...page } = pageOf(rest, { version, limit: Number(query.get('limit')) });
  // The real server does not count what a selection still has.
  return matches || remaining === undefined ? page : { ...page, remaining };
}

function pageOf(items: KubeObject[], { version, limit }: { version: number; limit: number }): Page {
  const page = limit > 0 ? items.slice(0, limit) : items;
  const last = page.at(-1);
  const head = { items: page, resourceVersion: String(version) };
  if (page.length === items.length || last === undefined) return head;
  const next = markText({ version, after: keyOf(last) });
  return { ...head, continue: next, remaining: items.length - page.length };
}

/** The version to answer with: that which is asked for exactly, else the newest. */
function versionAsked(current: number, query: URLSearchParams): number {
  const wanted = query.get('resourceVersion') ?? '';
  const match = query.get('resourceVersionMatch') ?? '';
  const refuse = (cause: ReturnType<typeof forbiddenField>): never => {
    throw invalid({ group: 'meta.k8s.io', kind: 'ListOptions' }, '', [cause]);
  };
  requireVersion(current, wanted);
  if (match === '') return current;
  if (wanted === '') {
    const why = 'resourceVersionMatch is forbidden unless resourceVersion is provided';
    refuse(forbiddenField('resourceVersionMatch', why));
  }
  if (match === 'Exact') return Number(wanted);
  if (match === 'NotOlderThan') return current;
  return refuse(unsupportedValue('resourceVersionMatch', match, ['Exact', 'NotOlderThan']));
}

/** The newest state answers for every earlier version; a later one has not been yet. */
export function requireVersion(current: number, wanted: string): void {
  if (wanted === '') return;
  if (!/^\d+$/.test(wanted)) {
    throw badRequest(
      `invalid resource version "${wanted}": strconv.ParseUint: parsing "${wanted}": invalid syntax`,
    );
  }
  if (Number(wanted) > current) throw tooLargeVersion(wanted, current);
}
