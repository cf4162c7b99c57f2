import { expect, test } from 'vitest';
import { freePorts, loopbackAddresses } from './addresses.ts';

test('two clusters, having two ports, hand out different addresses', () => {
  const [one, other] = [loopbackAddresses(40_001), loopbackAddresses(40_002)];
  const of = (addresses: typeof one): string[] =>
    Array.from({ length: 254 }, () => addresses.take());
  const all = [...of(one), ...of(other)];
  expect(new Set(all).size).toBe(508);
  expect(all[0]).toBe('127.156.65.1');
});

test('an address that was released comes again last', () => {
  const addresses = loopbackAddresses(40_001);
  const first = addresses.take();
  addresses.release(first);
  const next = Array.from({ length: 253 }, () => addresses.take());
  expect(next).not.toContain(first);
  expect(addresses.take()).toBe(first);
});

test('there is an address for a thousand pods', () => {
  const addresses = loopbackAddresses(40_001);
  expect(new Set(Array.from({ length: 1000 }, () => addresses.take())).size).toBe(1000);
});

test('pods that share an address get a free port for each declared one', async () => {
  const ports = await freePorts([
    { name: 'a', ports: [{ containerPort: 80 }, { containerPort: 81 }] },
    { name: 'b' },
  ]);
  expect([...ports.keys()]).toEqual([80, 81]);
  expect(ports.get(80)).not.toBe(ports.get(81));
});
