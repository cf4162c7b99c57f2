// GitHub's answers that end a pass: not failures of ours, but reasons to go on differently.
export type RefusalCode =
  /** A job runs on the runner, or may. */
  | 'busy'
  /** A runner of another scale set has the name. */
  | 'name-taken'
  /** The name is in use, and no runner has it. */
  | 'name-unclear';

export class Refusal extends Error {
  override readonly name = 'Refusal';
  readonly code: RefusalCode;

  constructor(code: RefusalCode, message: string) {
    super(message);
    this.code = code;
  }
}

export const isRefusal = (error: unknown, code: RefusalCode): error is Refusal =>
  error instanceof Refusal && error.code === code;
