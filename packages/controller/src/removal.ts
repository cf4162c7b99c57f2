/** Why a runner was taken away; `unknown` and `offline` are the zombies. */
export type Why =
  /** Its job is over. */
  | 'finished'
  /** There are more than are wanted, or of another template. */
  | 'surplus'
  | 'failed'
  | 'outdated'
  /** GitHub does not know it any more. */
  | 'unknown'
  /** GitHub counts it offline. */
  | 'offline'
  /** Its set goes. */
  | 'set-deleted';
