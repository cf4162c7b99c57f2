// How long a runner may stay in a state, as annotations say; the nearest object's word counts.
import { annotation, LIMIT_ANNOTATIONS } from '@muster/api';
import type { ApiObject } from '@muster/api';

/** In milliseconds; Infinity is for ever. */
export type Limits = Record<keyof typeof LIMIT_ANNOTATIONS, number>;

const SECOND = 1_000;
const MINUTE = 60 * SECOND;
const HOUR = 60 * MINUTE;

export const DEFAULT_LIMITS: Limits = {
  imagePull: 10 * MINUTE,
  unschedulable: 10 * MINUTE,
  // An image of some 20 GB is pulled meanwhile.
  start: 30 * MINUTE,
  online: 5 * MINUTE,
  termination: 5 * MINUTE,
  lifetime: Infinity,
};

/** Of a runner: its own word, else its set's, else its runner set's, else the default. */
export const limitsOf = (objects: readonly (ApiObject | undefined)[]): Limits => {
  const limit = (name: keyof Limits): number =>
    durationOf(LIMIT_ANNOTATIONS[name], objects) ?? DEFAULT_LIMITS[name];
  return {
    imagePull: limit('imagePull'),
    unschedulable: limit('unschedulable'),
    start: limit('start'),
    online: limit('online'),
    termination: limit('termination'),
    lifetime: limit('lifetime'),
  };
};

/** The first of the objects that says it so that it can be read. */
export function durationOf(
  key: string,
  objects: readonly (ApiObject | undefined)[],
): number | undefined {
  for (const object of objects) {
    const text = object && annotation(object, key);
    const ms = text === undefined ? undefined : parseDuration(text);
    if (ms !== undefined) return ms;
  }
  return undefined;
}

const UNITS: Record<string, number> = { s: SECOND, m: MINUTE, h: HOUR };

/** `90s`, `10m`, `1h30m` as in Go; `off` is for ever. Undefined when it says nothing of the kind. */
export function parseDuration(text: string): number | undefined {
  if (text === 'off') return Infinity;
  const parts = [...text.matchAll(/(\d{1,6})([smh])/g)];
  if (parts.length === 0 || parts.map(([part]) => part).join('') !== text) return undefined;
  return parts.reduce((sum, [, count, unit = 's']) => sum + Number(count) * (UNITS[unit] ?? 0), 0);
}
