import { expect, test } from 'vitest';
import { pathsIn } from './libraries.ts';

test("the libraries are those that ldd finds, and the loader itself; the kernel's has no file", () => {
  const output = [
    '\tlinux-vdso.so.1 (0x00007f3c8a8d5000)',
    '\tlibstdc++.so.6 => /lib/x86_64-linux-gnu/libstdc++.so.6 (0x00007f3c8a600000)',
    '\tlibc.so.6 => /lib/x86_64-linux-gnu/libc.so.6 (0x00007f3c8a33e000)',
    '\t/lib64/ld-linux-x86-64.so.2 (0x00007f3c8a8d7000)',
  ].join('\n');
  expect(pathsIn(output)).toEqual([
    '/lib/x86_64-linux-gnu/libc.so.6',
    '/lib/x86_64-linux-gnu/libstdc++.so.6',
    '/lib64/ld-linux-x86-64.so.2',
  ]);
});

test('a library that the machine lacks is named', () => {
  expect(() => pathsIn('\tlibatomic.so.1 => not found')).toThrow(
    'this machine has no libatomic.so.1',
  );
});
