// Lists: whole or page by page, each page of one list from the same moment.
import { randomUUID } from 'node:crypto';
import type { KubeObject } from './object.ts';
import type { Matcher } from './selector.ts';
import { badRequest, expired, tooLargeVersion } from './status.ts';
import type { Resource } from './resource.ts';
import type { World } from './world.ts';

export interface Page {
  items: KubeObject[];
  resourceVersion: string;
  continue?: string;
  remaining?: number;
}

interface Snapshot {
  items: KubeObject[];
  resourceVersion: string;
}

/** So many lists may be under way; the oldest is forgotten first and answers 410. */
const SNAPSHOTS = 100;

/** Lists that were begun and not ended. Objects never change in place, so keeping one costs little. */
export class Pages {
  readonly #snapshots = new Map<string, Snapshot>();

  begin(snapshot: Snapshot, limit: number): Page {
    return this.#page(snapshot, { offset: 0, limit });
  }

  resume(token: string, limit: number): Page {
    const [id = '', offset = ''] = token.split('.');
    const snapshot = this.#snapshots.get(id);
    if (snapshot === undefined) {
      throw expired(
        'The provided continue parameter is too old to display a consistent list result. You can start a new list without the continue parameter.',
      );
    }
    this.#snapshots.delete(id);
    return this.#page(snapshot, { offset: Number(offset), limit });
  }

  #page(snapshot: Snapshot, { offset, limit }: { offset: number; limit: number }): Page {
    const { items, resourceVersion } = snapshot;
    const end = limit > 0 ? offset + limit : items.length;
    const page = { items: items.slice(offset, end), resourceVersion };
    if (end >= items.length) return page;
    const id = randomUUID();
    this.#snapshots.set(id, snapshot);
    const [oldest] = this.#snapshots.keys();
    if (this.#snapshots.size > SNAPSHOTS && oldest !== undefined) this.#snapshots.delete(oldest);
    return { ...page, continue: `${id}.${end}`, remaining: items.length - end };
  }
}

export interface ListWish {
  resource: Resource;
  namespace?: string | undefined;
  matches: Matcher | undefined;
  query: URLSearchParams;
}

export function list({ store }: World, pages: Pages, wish: ListWish): Page {
  const { resource, namespace, matches, query } = wish;
  const limit = Number(query.get('limit') ?? 0);
  const token = query.get('continue') ?? '';
  if (token !== '') return pages.resume(token, limit);
  requireVersion(store.version, query.get('resourceVersion') ?? '');
  const all = store.list(resource.table, namespace);
  const items = matches ? all.filter(matches) : all;
  return pages.begin({ items, resourceVersion: String(store.version) }, limit);
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
