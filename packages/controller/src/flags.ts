// Command lines as Go's flag package reads them: `-name value`, `--name=value`, `--switch`.
// ARC's charts write such lines, so this program must read them (reference/controllers.md 6.1).

/** `switch` takes a value only after `=`; `list` may be given again and again. */
export type FlagKind = 'text' | 'switch' | 'list';

export interface Flags {
  /** In the order given; the last one counts, except in a list. */
  values: ReadonlyMap<string, readonly string[]>;
  problems: string[];
}

export function parseFlags(args: readonly string[], known: Record<string, FlagKind>): Flags {
  const kinds = new Map(Object.entries(known));
  const values = new Map<string, string[]>();
  const problems: string[] = [];
  const rest = [...args];
  for (let arg = rest.shift(); arg !== undefined; arg = rest.shift()) {
    const [name, attached] = split(arg);
    const kind = kinds.get(name);
    if (kind === undefined) {
      problems.push(unknownFlag(arg, name, [...kinds.keys()]));
      continue;
    }
    const value = attached ?? (kind === 'switch' ? 'true' : rest.shift());
    if (value === undefined) problems.push(`--${name} needs a value`);
    else values.set(name, [...(values.get(name) ?? []), value]);
  }
  return { values, problems };
}

function split(arg: string): [name: string, value: string | undefined] {
  const [, name = '', value] = /^--?([^=-][^=]*)(?:=([^]*))?$/.exec(arg) ?? [];
  return [name, value];
}

function unknownFlag(arg: string, name: string, known: readonly string[]): string {
  if (name === '') return `"${arg}" is not a flag`;
  const nearest = known
    .map((candidate) => ({ candidate, distance: editDistance(name, candidate) }))
    .reduce((a, b) => (b.distance < a.distance ? b : a));
  const hint = nearest.distance <= Math.max(3, name.length / 2);
  return `--${name} is not known${hint ? `; did you mean --${nearest.candidate}?` : ''}`;
}

/** Levenshtein's: how many letters must be put in, taken out or changed. */
function editDistance(from: string, to: string): number {
  let above = Array.from({ length: to.length + 1 }, (_, index) => index);
  for (const [row, letter] of from.split('').entries()) {
    const line = [row + 1];
    for (const [column, other] of to.split('').entries()) {
      const changed = (above[column] ?? 0) + (letter === other ? 0 : 1);
      line.push(Math.min(changed, (above[column + 1] ?? 0) + 1, (line[column] ?? 0) + 1));
    }
    above = line;
  }
  return above[to.length] ?? 0;
}
