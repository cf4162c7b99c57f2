// The image table: which program of this machine stands for which image.

export interface Image {
  entrypoint?: string[];
  /** What stands for a program inside the image, by its path. */
  programs?: Record<string, string[]>;
  env?: Record<string, string>;
}

export interface ImageTable {
  images: Record<string, Image>;
}

export class ImageTableError extends Error {
  override readonly name = 'ImageTableError';
}

const isRecord = (value: unknown): value is Record<string, unknown> =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

const isWords = (value: unknown): value is string[] =>
  Array.isArray(value) && value.length > 0 && value.every((word) => typeof word === 'string');

const isMapOf = (value: unknown, is: (item: unknown) => boolean): boolean =>
  isRecord(value) && Object.values(value).every(is);

/** Throws `ImageTableError` with a message that names the first wrong field. */
export function parseImageTable(text: string): ImageTable {
  let table: unknown;
  try {
    table = JSON.parse(text);
  } catch (error) {
    throw new ImageTableError('not valid JSON', { cause: error });
  }
  if (!isRecord(table) || !isRecord(table['images'])) {
    throw new ImageTableError('"images" must be an object');
  }
  for (const [name, image] of Object.entries(table['images'])) {
    const wrong = problemOf(image);
    if (wrong !== undefined) throw new ImageTableError(`image "${name}": ${wrong}`);
  }
  return table as unknown as ImageTable;
}

function problemOf(image: unknown): string | undefined {
  if (!isRecord(image)) return 'must be an object';
  const { entrypoint, programs, env, ...unknown } = image;
  const [stranger] = Object.keys(unknown);
  if (stranger !== undefined) return `unknown field "${stranger}"`;
  if (entrypoint !== undefined && !isWords(entrypoint)) {
    return '"entrypoint" must be a list of words';
  }
  if (programs !== undefined && !isMapOf(programs, isWords)) {
    return '"programs" must map paths to lists of words';
  }
  if (env !== undefined && !isMapOf(env, (value) => typeof value === 'string')) {
    return '"env" must map names to texts';
  }
  return undefined;
}
