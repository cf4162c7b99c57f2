export { ActionsError, isActionsError } from './errors.ts';
export type { ActionsErrorCode, ActionsErrorFacts } from './errors.ts';
export type {
  ActionsClient,
  CallOptions,
  GitHubCredentials,
  JitConfig,
  Message,
  MessageSession,
  ScaleSetWish,
} from './types.ts';
