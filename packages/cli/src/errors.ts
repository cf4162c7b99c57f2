// What ends a command. `user` mistakes exit 2, our own failures exit 1; the message is all they see.

export class CliError extends Error {
  override readonly name = 'CliError';
  readonly exitCode: 1 | 2;

  constructor(whose: 'user' | 'ours', message: string, cause?: unknown) {
    super(message, cause === undefined ? undefined : { cause });
    this.exitCode = whose === 'user' ? 2 : 1;
  }
}

const REASONS: Readonly<Record<string, string>> = {
  EACCES: 'that is not allowed',
  ENOENT: 'there is no such file or folder',
  ENOSPC: 'the disk is full',
  ENOTDIR: 'a part of its path is no folder',
  EROFS: 'the disk may only be read',
};

/** Why a file or folder could not be used, for people. */
export function reasonOf(error: unknown): string {
  const code = error instanceof Error && 'code' in error ? String(error.code) : undefined;
  return code === undefined ? String(error) : (REASONS[code] ?? code);
}
