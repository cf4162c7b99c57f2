import { parseConfigUrl } from './config-url.ts';
import type { ActionsClientOptions } from './options.ts';
import type { ActionsClient } from './types.ts';

/** Makes no call yet. Throws `invalid-config-url` and `invalid-credentials`. */
export function createActionsClient(options: ActionsClientOptions): ActionsClient {
  parseConfigUrl(options.configUrl);
  throw new Error('not built yet');
}
