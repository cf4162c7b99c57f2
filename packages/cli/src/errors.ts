// What ends a command. `user` mistakes exit 2, our own failures exit 1; the message is all they see.

export class CliError extends Error {
  override readonly name = 'CliError';
  readonly exitCode: 1 | 2;

  constructor(whose: 'user' | 'ours', message: string, cause?: unknown) {
    super(message, cause === undefined ? undefined : { cause });
    this.exitCode = whose === 'user' ? 2 : 1;
  }
}
