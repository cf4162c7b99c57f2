// What this process knows of its listeners: which pods the API server refused. To lose it costs a request.
import { ANNOTATIONS } from '@muster/api';
import type { AutoscalingListener } from '@muster/api';
import type { Resource } from './desired.ts';

export interface Refusal {
  /** Of the pod that was refused. */
  hash: string;
  message: string;
  at: number;
}

export const hashOf = ({ object }: Resource): string =>
  object.metadata.annotations?.[ANNOTATIONS.integrityHash] ?? '';

export class Memory {
  readonly #refusals = new Map<string, Refusal & { uid: string }>();

  refusalOf({ metadata }: AutoscalingListener): Refusal | undefined {
    const known = this.#refusals.get(`${metadata.namespace}/${metadata.name}`);
    return known?.uid === metadata.uid ? known : undefined;
  }

  refused({ metadata }: AutoscalingListener, refusal: Refusal): void {
    const key = `${metadata.namespace}/${metadata.name}`;
    this.#refusals.set(key, { ...refusal, uid: metadata.uid });
  }

  forget(key: string): void {
    this.#refusals.delete(key);
  }
}
