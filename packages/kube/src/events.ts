import type { KubeObject } from './object.ts';
import type { Clock, KubeClient, Log } from './types.ts';

export interface EventsOptions {
  client: KubeClient;
  /** Who tells: `reportingComponent`. */
  component: string;
  clock: Clock;
  log: Log;
  /** Which of its instances; the pod's name. */
  instance?: string;
}

export interface Happening {
  type: 'Normal' | 'Warning';
  reason: string;
  message: string;
}

export interface Events {
  /** Returns at once and never throws. */
  record(subject: KubeObject, happening: Happening): void;
  /** Writes what is still held back. */
  flush(): Promise<void>;
}

export function createEvents(options: EventsOptions): Events {
  throw new Error(`not yet ${options.component}`);
}
