// Trees as tar archives (POSIX ustar), byte for byte the same for the same tree.
import type { Entry, Tree } from './tree.ts';

const BLOCK = 512;
const NAME_BYTES = 100;
const PREFIX_BYTES = 155;
const TYPES = { file: '0', link: '2', folder: '5' } as const;

/** `mtime` in seconds since 1970, for every entry. All belongs to root. */
export function tar(tree: Tree, mtime: number): Buffer {
  const blocks = [...tree].flatMap(([path, entry]) => {
    const content = entry.is === 'file' ? entry.content : Buffer.alloc(0);
    return [header(path, entry, mtime), content, padding(content.length)];
  });
  return Buffer.concat([...blocks, Buffer.alloc(2 * BLOCK)]);
}

const padding = (length: number): Buffer => Buffer.alloc((BLOCK - (length % BLOCK)) % BLOCK);

function header(path: string, entry: Entry, mtime: number): Buffer {
  const block = Buffer.alloc(BLOCK);
  const { name, prefix } = split(entry.is === 'folder' ? `${path}/` : path);
  block.write(name, 0);
  block.write(octal(entry.is === 'link' ? 0o777 : entry.mode, 8), 100);
  block.write(octal(0, 8), 108);
  block.write(octal(0, 8), 116);
  block.write(octal(entry.is === 'file' ? entry.content.length : 0, 12), 124);
  block.write(octal(mtime, 12), 136);
  block.write(TYPES[entry.is], 156);
  if (entry.is === 'link') block.write(fitting(entry.target, NAME_BYTES), 157);
  block.write('ustar\0' + '00', 257);
  block.write(prefix, 345);
  block.write(checksum(block), 148);
  return block;
}

/** A long path goes into two fields, cut at a slash. */
function split(path: string): { name: string; prefix: string } {
  if (Buffer.byteLength(path) <= NAME_BYTES) return { name: path, prefix: '' };
  const at = path.indexOf('/', path.length - NAME_BYTES - 1);
  if (at <= 0 || at === path.length - 1) throw new Error(`the path is too long for tar: ${path}`);
  return {
    name: fitting(path.slice(at + 1), NAME_BYTES),
    prefix: fitting(path.slice(0, at), PREFIX_BYTES),
  };
}

function fitting(text: string, bytes: number): string {
  if (Buffer.byteLength(text) > bytes) throw new Error(`the path is too long for tar: ${text}`);
  return text;
}

const octal = (value: number, width: number): string =>
  `${value.toString(8).padStart(width - 1, '0')}\0`;

/** Of the header with blanks in the place of the checksum itself. */
function checksum(block: Buffer): string {
  const sum = block.reduce((total, byte) => total + byte, 8 * 0x20);
  return `${sum.toString(8).padStart(6, '0')}\0 `;
}
