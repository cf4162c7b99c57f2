import { describe, expect, test } from 'vitest';
import { parseArguments } from './arguments.ts';
import { CliError } from './errors.ts';

const PLACE = { directory: '/desk', defaultWorkflow: '/muster/ci.yml' };

const DEV = {
  do: 'dev',
  workflow: '/muster/ci.yml',
  keep: false,
  minRunners: 0,
  maxRunners: 5,
} as const;

describe('understands', () => {
  test.each([
    { args: [], means: { do: 'help' } },
    { args: ['dev', '--help'], means: { do: 'help' } },
    { args: ['dev'], means: DEV },
    { args: ['dev', 'a.yml'], means: { ...DEV, workflow: '/desk/a.yml' } },
    { args: ['dev', '--keep', '/b.yml'], means: { ...DEV, keep: true, workflow: '/b.yml' } },
    {
      args: ['dev', '--max-runners', '2', '--min-runners=2'],
      means: { ...DEV, minRunners: 2, maxRunners: 2 },
    },
    {
      args: ['simulator', '--port', '8787'],
      means: { do: 'simulator', args: ['--port', '8787'] },
    },
    { args: ['dev', '--stop', 'kept'], means: { do: 'stop', directory: '/desk/kept' } },
  ])('$args', ({ args, means }) => {
    expect(parseArguments(args, PLACE)).toEqual(means);
  });
});

describe('refuses', () => {
  test.each([
    { args: ['run'], says: 'there is no command run' },
    { args: ['dev', 'a.yml', 'b.yml'], says: 'one workflow at a time: b.yml is one too many' },
    { args: ['dev', '--kep'], says: "Unknown option '--kep'" },
    { args: ['dev', '--keep=yes'], says: "Option '--keep' does not take an argument" },
    { args: ['dev', '--stop'], says: "Option '--stop <value>' argument missing" },
    {
      args: ['dev', '--min-runners', '-1'],
      says: "Option '--min-runners' argument is ambiguous",
    },
    {
      args: ['dev', '--max-runners', '0'],
      says: '--max-runners must be a whole number of at least 1, not "0"',
    },
    {
      args: ['dev', '--max-runners', '1e3'],
      says: '--max-runners must be a whole number of at least 1, not "1e3"',
    },
    {
      args: ['dev', '--min-runners', ''],
      says: '--min-runners must be a whole number of at least 0, not ""',
    },
    {
      args: ['dev', '--min-runners', '6'],
      says: '--min-runners must not be above --max-runners',
    },
  ])('$args', ({ args, says }) => {
    const error = new CliError('user', `${says} (muster --help lists what there is)`);
    expect(() => parseArguments(args, PLACE)).toThrow(error);
  });
});
