// A route and what its handler is given.
import type { Call, FaultEffect } from '../faults.ts';
import type { Credentials } from '../credentials.ts';
import type { Agent, ScaleSet, Scope, Session, World } from '../world/model.ts';
import type { Answer, Incoming } from './exchange.ts';
import type { Holds } from './holds.ts';

export interface Service {
  readonly world: World;
  readonly credentials: Credentials;
  readonly holds: Holds;
  readonly holdMs: number;
  readonly violate: (request: Incoming, rule: string, refused: boolean) => void;
}

/** What a call must bring along. */
export type Needs =
  | 'app'
  | 'github'
  | 'actions-read'
  | 'actions-write'
  | 'registration'
  | 'admin'
  | 'queue'
  | 'runner';

/** Whose call it is, as far as its token and path tell. */
export interface Caller {
  scope?: Scope;
  scaleSet?: ScaleSet;
  session?: Session;
  agent?: Agent;
  token: string;
}

export interface Context {
  readonly service: Service;
  readonly request: Incoming;
  readonly url: URL;
  readonly params: Readonly<Record<string, string>>;
  readonly caller: Caller;
  readonly effect: FaultEffect | undefined;
}

export interface Route {
  readonly call: Call;
  readonly method: 'GET' | 'POST' | 'PATCH' | 'DELETE';
  /** With `:name` for one segment. */
  readonly path: string;
  readonly needs: Needs;
  /** Absent: none belongs there. */
  readonly body?: 'json';
  /** Parameters that it knows, beside `api-version`. */
  readonly query?: readonly string[];
  readonly answer: (context: Context) => Answer | Promise<Answer>;
}

export type Match =
  | { is: 'found'; route: Route; params: Record<string, string> }
  | { is: 'wrong-method'; allowed: string[] }
  | { is: 'unknown' };

/** Finds the route of a path whose double slashes and `/api/v3` are gone. */
export function createRouter(routes: readonly Route[]): (method: string, path: string) => Match {
  const compiled = routes.map((route) => ({ route, pattern: compile(route.path) }));
  return (method, path) => {
    const allowed: string[] = [];
    for (const { route, pattern } of compiled) {
      const groups = pattern.exec(path)?.groups;
      if (!groups) continue;
      if (route.method === method) return { is: 'found', route, params: decodeAll(groups) };
      allowed.push(route.method);
    }
    return allowed.length > 0 ? { is: 'wrong-method', allowed } : { is: 'unknown' };
  };
}

// The empty group keeps `groups` defined for a path without parameters.
const compile = (path: string): RegExp =>
  new RegExp(`^(?<_>)${path.replace(/:(\w+)/g, (_, name: string) => `(?<${name}>[^/]+)`)}/?$`, 'i');

function decodeAll(groups: Record<string, string>): Record<string, string> {
  return Object.fromEntries(
    Object.entries(groups).map(([name, value]) => [name, decodeSegment(value)]),
  );
}

export function decodeSegment(segment: string): string {
  try {
    return decodeURIComponent(segment);
  } catch {
    return segment;
  }
}

/** What authorization found out for this route. Its absence is our own mistake. */
export function required<K extends 'scope' | 'scaleSet' | 'session' | 'agent'>(
  { caller }: Context,
  key: K,
): NonNullable<Caller[K]> {
  const value = caller[key];
  if (value === undefined) throw new Error(`a route asks for the ${key}, which its path lacks`);
  return value;
}
