// What a pod's environment says of files and addresses. In a real cluster nothing is redirected.
import { existsSync } from 'node:fs';
import { hostname } from 'node:os';
import { isAbsolute, join } from 'node:path';
import { KubeError } from './errors.ts';

export interface PodEnvironment {
  /** Where the file at this absolute path of the container really is. */
  mounted(path: string): string;
  /** Where to listen for an address such as `:8080`; undefined when it is off (`0` or empty). */
  listenAddress(address: string): { host?: string; port: number } | undefined;
  /** The pod's name. */
  readonly hostname: string;
}

const ADDRESS = /^(?:\[([^\]]+)\]|([^:[\]]*)):(\d{1,5})$/;
// Go's ways to write "all addresses".
const ALL = new Set(['', '0.0.0.0', '::']);

type Env = Record<string, string | undefined>;

/** The host and port as they were asked for; the host is empty for all addresses. */
function parseAddress(address: string): { host: string; port: number } {
  const [, ipv6, host = '', digits] = ADDRESS.exec(address) ?? [];
  const port = Number(digits);
  if (digits === undefined || port > 65_535) {
    throw new KubeError('bad-config', `"${address}" is no address such as ":8080"`);
  }
  const asked = ipv6 ?? host;
  return { host: ALL.has(asked) ? '' : asked, port };
}

function listenAddress(env: Env, address: string): { host?: string; port: number } | undefined {
  if (address === '' || address === '0') return undefined;
  const asked = parseAddress(address);
  const { POD_IP: podIp = '', [`POD_PORT_${asked.port}`]: given } = env;
  const host = asked.host === '' ? podIp : asked.host;
  const port = given === undefined ? asked.port : Number(given);
  return host === '' ? { port } : { host, port };
}

/** Reads MUSTER_MOUNT_ROOT, POD_IP, POD_PORT_<n> and HOSTNAME. */
export function podEnvironment(env: Env): PodEnvironment {
  const { MUSTER_MOUNT_ROOT: root = '', HOSTNAME: name = '' } = env;
  return {
    mounted(path) {
      if (root === '' || !isAbsolute(path)) return path;
      const redirected = join(root, path);
      return existsSync(redirected) ? redirected : path;
    },
    listenAddress: (address) => listenAddress(env, address),
    hostname: name === '' ? hostname() : name,
  };
}
