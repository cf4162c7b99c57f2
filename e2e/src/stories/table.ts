// The table that `muster dev` prints at its end, as values.

export interface TableRow {
  job: string;
  matrix: string;
  /** Seconds since the start: queued, pod, started, finished; nothing where it did not come to that. */
  times: (number | undefined)[];
  result: string;
}

const HEAD = /^JOB +MATRIX +QUEUED +POD +STARTED +FINISHED +RESULT$/;

/** Throws when there is none. */
export function tableOf(out: string): TableRow[] {
  const lines = out.split('\n');
  const start = lines.findIndex((line) => HEAD.test(line));
  if (start < 0) throw new Error(`there is no table in:\n${out}`);
  const after = lines.slice(start + 1);
  const end = after.indexOf('');
  return after.slice(0, end < 0 ? undefined : end).map(rowOf);
}

function rowOf(line: string): TableRow {
  const [job = '', matrix = '', ...cells] = line.split(/ {2,}/);
  return { job, matrix, times: cells.slice(0, 4).map(seconds), result: cells.slice(4).join('  ') };
}

const seconds = (cell: string): number | undefined =>
  /^\d+\.\ds$/.test(cell) ? Number.parseFloat(cell) : undefined;
