// All objects of a kind, page by page.
import { call } from './call.ts';
import { isKubeError } from './errors.ts';
import { acceptOfList, collectionPath, query, titleOfAll } from './paths.ts';
import { shaped } from './shape.ts';
import type { Caller } from './call.ts';
import type { Kind, KubeObject } from './object.ts';
import type { CallOptions, Selection } from './types.ts';

interface Page {
  metadata: { resourceVersion: string; continue?: string };
  items: Pick<KubeObject, 'metadata'>[] | null;
}

interface Listed<T> {
  items: T[];
  resourceVersion: string;
}

type ListQuery = Selection & CallOptions;

async function readPages<T extends KubeObject>(
  kind: Kind<T>,
  selection: ListQuery,
  { caller, limit }: { caller: Caller; limit: number | undefined },
): Promise<Listed<T>> {
  const items: T[] = [];
  let next: string | undefined;
  for (;;) {
    const search = query(selection, { limit: limit?.toString(), continue: next });
    const page = (await call(
      {
        what: `list ${titleOfAll(kind, selection.namespace)}`,
        method: 'GET',
        path: collectionPath(kind, selection.namespace) + search,
        accept: acceptOfList(kind),
        signal: selection.signal,
      },
      caller,
    )) as Page;
    for (const item of page.items ?? []) items.push(shaped(kind, item));
    next = page.metadata.continue;
    if ((next ?? '') === '') return { items, resourceVersion: page.metadata.resourceVersion };
  }
}

export async function list<T extends KubeObject>(
  kind: Kind<T>,
  selection: ListQuery,
  caller: Caller,
): Promise<Listed<T>> {
  try {
    return await readPages(kind, selection, { caller, limit: caller.pageSize });
  } catch (error) {
    if (!isKubeError(error, 'expired')) throw error;
    // The pages outlived the server's memory; only a list in one piece is sure to end.
    return readPages(kind, selection, { caller, limit: undefined });
  }
}
