// A request and its answer as the service sees them. Less than the web's own, whose classes cost ten times as much:
// thousands of runners and listeners ask at a time.

export interface Incoming {
  readonly method: string;
  readonly url: URL;
  /** By its name in lower case. */
  readonly header: (name: string) => string | undefined;
  /** The whole of it; empty when there is none. */
  readonly body: string;
  /** Aborted when the client goes away. */
  readonly signal: AbortSignal;
}

export interface Answer {
  readonly status: number;
  /** Names in lower case. */
  readonly headers: Record<string, string>;
  /** A stream goes on until the client goes away. */
  readonly body: string | ReadableStream<Uint8Array>;
}
