// Which proxy the way to the API server goes through, by the rules of Go's httpproxy, as client-go has it.
import { BlockList, isIP } from 'node:net';

type Env = Record<string, string | undefined>;
type Exception = (host: string, port: string) => boolean;

/** Go reads both spellings, the upper case first. */
const either = (env: Env, name: string): string => env[name] ?? env[name.toLowerCase()] ?? '';

/** Of HTTPS_PROXY, HTTP_PROXY and NO_PROXY; undefined for a direct way, which loopback always has. */
export function proxyFor(server: string, env: Env): string | undefined {
  const { protocol, hostname, port } = new URL(server);
  const isTls = protocol === 'https:';
  const proxy = either(env, isTls ? 'HTTPS_PROXY' : 'HTTP_PROXY');
  if (proxy === '') return undefined;
  const host = hostname.toLowerCase().replace(/^\[(.*)\]$/, '$1');
  if (host === 'localhost' || isIn(LOOPBACK, host)) return undefined;
  const exceptions = either(env, 'NO_PROXY').split(',').flatMap(exceptionOf);
  const to = port === '' ? (isTls ? '443' : '80') : port;
  if (exceptions.some((matches) => matches(host, to))) return undefined;
  return proxy.includes('://') ? proxy : `http://${proxy}`;
}

const LOOPBACK = new BlockList();
LOOPBACK.addSubnet('127.0.0.0', 8, 'ipv4');
LOOPBACK.addAddress('::1', 'ipv6');

const familyOf = (address: string): 'ipv4' | 'ipv6' => (isIP(address) === 4 ? 'ipv4' : 'ipv6');

const isIn = (block: BlockList, host: string): boolean =>
  isIP(host) !== 0 && block.check(host, familyOf(host));

const WITH_PORT = /^(?:\[([^\]]+)\]|([^:]+))(?::(\d+))?$/;

function exceptionOf(text: string): Exception[] {
  const entry = text.trim().toLowerCase();
  if (entry === '') return [];
  if (entry === '*') return [() => true];
  const [, ipv6, name = entry, onlyPort] = WITH_PORT.exec(entry) ?? [];
  const isHost = hostTest(ipv6 ?? name);
  return [(host, port) => isHost(host) && (onlyPort === undefined || onlyPort === port)];
}

/** An address, a block of them, a name with all below it, or `.name` for those below only. */
function hostTest(entry: string): (host: string) => boolean {
  const [address = '', bits] = entry.split('/');
  if (isIP(address) !== 0) {
    const block = new BlockList();
    const whole = isIP(address) === 4 ? 32 : 128;
    const prefix = bits === undefined ? whole : Number(bits);
    if (!(Number.isInteger(prefix) && prefix >= 0 && prefix <= whole)) return () => false;
    block.addSubnet(address, prefix, familyOf(address));
    return (host) => isIn(block, host);
  }
  const belowOnly = entry.startsWith('.') || entry.startsWith('*.');
  const suffix = belowOnly ? entry.replace(/^\*/, '') : `.${entry}`;
  return (host) => host.endsWith(suffix) || (!belowOnly && host === entry);
}
