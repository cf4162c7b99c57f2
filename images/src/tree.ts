// A file tree as an image holds it: paths without the leading slash, and nothing of the machine that
// made it (no owner, no time).

export type Entry =
  | { is: 'file'; content: Buffer; mode: number }
  | { is: 'folder'; mode: number }
  | { is: 'link'; target: string };

export type Tree = ReadonlyMap<string, Entry>;

export const file = (content: string | Buffer, mode = 0o644): Entry => ({
  is: 'file',
  content: typeof content === 'string' ? Buffer.from(content) : content,
  mode,
});

export const program = (content: string | Buffer): Entry => file(content, 0o755);

export const folder = (mode = 0o755): Entry => ({ is: 'folder', mode });

/** Sorted, with every folder above an entry, so that the same entries give the same bytes. */
export function treeOf(entries: Iterable<readonly [string, Entry]>): Tree {
  const tree = new Map(entries);
  for (const path of [...tree.keys()]) {
    for (const parent of parentsOf(path)) if (!tree.has(parent)) tree.set(parent, folder());
  }
  // By code unit: the order must not hang on a locale.
  return new Map([...tree].sort(([a], [b]) => (a < b ? -1 : 1)));
}

function parentsOf(path: string): string[] {
  const parts = path.split('/').slice(0, -1);
  return parts.map((_, index) => parts.slice(0, index + 1).join('/'));
}
