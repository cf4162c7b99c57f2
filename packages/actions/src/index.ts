export { createActionsClient } from './client.ts';
export { parseConfigUrl } from './config-url.ts';
export type { ConfigScope, ConfigUrl } from './config-url.ts';
export { ActionsError, isActionsError } from './errors.ts';
export type { ActionsErrorCode, ActionsErrorFacts } from './errors.ts';
export type { ActionsClientOptions, ProxyOptions, RetryOptions, SystemInfo } from './options.ts';
export type {
  ActionsClient,
  CallOptions,
  GitHubCredentials,
  JitConfig,
  Message,
  MessageSession,
  ScaleSetWish,
  WorkflowJob,
  WorkflowRun,
  WorkflowRunPlace,
} from './types.ts';
