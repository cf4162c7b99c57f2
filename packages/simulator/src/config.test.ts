import { expect, test } from 'vitest';
import { parseConfig } from './config.ts';

test('nothing is needed', () => {
  expect(parseConfig([])).toEqual({
    host: '127.0.0.1',
    port: 0,
    holdMs: 50_000,
    mode: 'assign',
    withParent: false,
  });
});

test('a port for HTTPS means HTTPS', () => {
  expect(parseConfig(['--https-port', '8443', '--ca-file', 'ca.pem'])).toMatchObject({
    https: { port: 8443, caFile: 'ca.pem' },
  });
});

test.each([
  { args: ['--port', '70000'], says: '--port "70000" is no port' },
  {
    args: ['--mode', 'y', '--hold', ''],
    says: '--hold must be a number of seconds up to 3600, not ""; --mode must be assign or acquire, not "y"',
  },
  { args: ['--https'], says: '--https needs --ca-file: clients must be told whom to trust' },
  { args: ['--ca-file', 'x'], says: '--ca-file needs --https' },
  { args: ['--nothing'], says: "Unknown option '--nothing' (--help lists what there is)" },
  { args: ['stray'], says: "Unexpected argument 'stray' (--help lists what there is)" },
])('$args: $says', ({ args, says }) => {
  expect(() => parseConfig(args)).toThrow(
    expect.objectContaining({ name: 'ConfigError', message: says }) as Error,
  );
});
