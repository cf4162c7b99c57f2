// Which proxy a URL goes through. The rules are those of Go's httpproxy, which users of ARC rely on.
import { BlockList, isIP } from 'node:net';
import type { ProxyOptions } from './options.ts';

export type ProxyChoice = (url: URL) => string | undefined;

type Exception = (host: string, port: string) => boolean;

export function proxyChoice({ http, https, noProxy = [] }: ProxyOptions): ProxyChoice {
  const exceptions = noProxy.flatMap((entries) => entries.split(',').flatMap(parseException));
  return (url) => {
    const proxy = url.protocol === 'https:' ? https : http;
    if (proxy === undefined || proxy === '') return undefined;
    const host = bare(url.hostname.toLowerCase());
    const port = url.port || (url.protocol === 'https:' ? '443' : '80');
    return isLoopback(host) || exceptions.some((matches) => matches(host, port))
      ? undefined
      : proxy;
  };
}

const LOOPBACK = new BlockList();
LOOPBACK.addSubnet('127.0.0.0', 8, 'ipv4');
LOOPBACK.addAddress('::1', 'ipv6');

const isLoopback = (host: string): boolean => host === 'localhost' || isIn(LOOPBACK, host);

function parseException(text: string): Exception[] {
  const entry = text.trim().toLowerCase();
  if (entry === '') return [];
  if (entry === '*') return [() => true];
  const block = parseBlock(entry);
  if (block !== undefined) return [(host) => isIn(block, host)];
  const { host: name, port: onlyPort } = splitPort(entry);
  if (name === '') return [];
  const matchesHost = isIP(name) ? addressMatch(name) : suffixMatch(name);
  return [(host, port) => matchesHost(host) && (onlyPort === undefined || port === onlyPort)];
}

/** By value: an IPv6 address is spelled in many ways. */
function addressMatch(address: string): (host: string) => boolean {
  const block = new BlockList();
  block.addAddress(address, isIP(address) === 4 ? 'ipv4' : 'ipv6');
  return (host) => isIn(block, host);
}

/** `example.com` holds for the host and all below it, `.example.com` and `*.example.com` for those below only. */
function suffixMatch(name: string): (host: string) => boolean {
  const isBelowOnly = name.startsWith('.') || name.startsWith('*.');
  const suffix = isBelowOnly ? name.replace(/^\*/, '') : `.${name}`;
  return (host) => host.endsWith(suffix) || (!isBelowOnly && host === name);
}

function parseBlock(entry: string): BlockList | undefined {
  const [address = '', bits = '', ...more] = entry.split('/');
  const family = isIP(address);
  if (family === 0 || !/^\d+$/.test(bits) || more.length > 0) return undefined;
  if (Number(bits) > (family === 4 ? 32 : 128)) return undefined;
  const block = new BlockList();
  block.addSubnet(address, Number(bits), family === 4 ? 'ipv4' : 'ipv6');
  return block;
}

function isIn(block: BlockList, host: string): boolean {
  const family = isIP(host);
  return family !== 0 && block.check(host, family === 4 ? 'ipv4' : 'ipv6');
}

function splitPort(entry: string): { host: string; port?: string } {
  if (isIP(entry)) return { host: entry };
  const [, host = entry, port] = /^(.*?)(?::(\d+))?$/.exec(entry) ?? [];
  return { host: bare(host), ...(port !== undefined && { port }) };
}

/** An IPv6 address without its brackets. */
const bare = (host: string): string => host.replace(/^\[(.*)\]$/, '$1');
