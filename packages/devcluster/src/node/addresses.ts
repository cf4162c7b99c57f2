// An address of its own for each pod. Linux answers on all of 127.0.0.0/8 without being asked;
// elsewhere only 127.0.0.1 is there and pods share it, each with ports of its own.
import { createServer } from 'node:net';
import type { Container } from './pod.ts';

export interface Addresses {
  take(): string;
  release(address: string): void;
}

const LAST = 254;

/**
 * 127.<port's high byte>.<low byte>.1 to .254, so two clusters, having two API ports, never meet.
 * Beyond 254 pods the neighbouring blocks are used. Addresses come round in turn: one that was just
 * released may still have connections closing.
 */
export function loopbackAddresses(port: number): Addresses {
  const taken = new Set<string>();
  let turn = 0;
  const nth = (n: number): string => {
    const block = (port + Math.floor(n / LAST)) & 0xffff;
    // 127.0.x.y holds localhost and the machine's resolver.
    return `127.${(block >> 8) % 255 || 254}.${block & 0xff}.${(n % LAST) + 1}`;
  };
  return {
    take() {
      const span = LAST * Math.ceil((taken.size + 1) / LAST);
      for (;;) {
        const address = nth(turn++ % span);
        if (taken.has(address)) continue;
        taken.add(address);
        return address;
      }
    },
    release: (address) => void taken.delete(address),
  };
}

const sharedAddress: Addresses = {
  take: () => '127.0.0.1',
  release: () => undefined,
};

export const addressesOf = (platform: string, port: number): Addresses =>
  platform === 'linux' ? loopbackAddresses(port) : sharedAddress;

/** For pods that share an address: a free port for each declared one. */
export async function freePorts(containers: readonly Container[]): Promise<Map<number, number>> {
  const ports = new Map<number, number>();
  for (const { containerPort } of containers.flatMap((container) => container.ports ?? [])) {
    if (!ports.has(containerPort)) ports.set(containerPort, await freePort());
  }
  return ports;
}

async function freePort(): Promise<number> {
  const server = createServer();
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject);
    server.listen(0, '127.0.0.1', resolve);
  });
  const address = server.address();
  await new Promise((resolve) => server.close(resolve));
  if (address === null || typeof address === 'string') throw new Error('a port has no number');
  return address.port;
}
