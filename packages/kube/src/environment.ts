export interface PodEnvironment {
  /** Where the file at this absolute path of the container really is. */
  mounted(path: string): string;
  /** Where to listen for an address such as `:8080`; undefined when it is off (`0` or empty). */
  listenAddress(address: string): { host?: string; port: number } | undefined;
  /** The pod's name. */
  readonly hostname: string;
}

export function podEnvironment(env: Record<string, string | undefined>): PodEnvironment {
  throw new Error(`not yet ${Object.keys(env).join()}`);
}
