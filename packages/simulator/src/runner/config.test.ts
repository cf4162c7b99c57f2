import { describe, expect, test } from 'vitest';
import { encodeJitConfig } from '../runner-protocol.ts';
import { parseRunnerConfig } from './config.ts';

const IDENTITY = {
  agentId: 7,
  agentName: 'demo-runner-1',
  serverUrl: 'http://127.0.0.1:1',
  gitHubUrl: 'http://127.0.0.1:1/o',
  workFolder: '_work',
  token: 'secret',
};

const JIT = { ACTIONS_RUNNER_INPUT_JITCONFIG: encodeJitConfig(IDENTITY) };

test('steps get the environment without what is ours', () => {
  const env = { ...JIT, HOME: '/home', UNSET: undefined, MUSTER_RUNNER_FAULT: 'hang' };
  expect(parseRunnerConfig({ ...env, NODE_COMPILE_CACHE: '/cache' })).toEqual({
    identity: IDENTITY,
    fault: 'hang',
    stepEnv: { HOME: '/home' },
  });
});

describe('one line says what is wrong', () => {
  test.each([
    { env: {}, says: 'ACTIONS_RUNNER_INPUT_JITCONFIG is not set' },
    {
      env: { ACTIONS_RUNNER_INPUT_JITCONFIG: 'e30=' },
      says: 'ACTIONS_RUNNER_INPUT_JITCONFIG is not a JIT config of Muster',
    },
    {
      env: { ...JIT, MUSTER_RUNNER_FAULT: 'sleep' },
      says: 'MUSTER_RUNNER_FAULT must be one of never-online, exit7, crash, hang, vanish',
    },
  ])('$says', ({ env, says }) => {
    expect(parseRunnerConfig(env)).toBe(says);
  });
});
