// Discovery: what there is and what may be done with it.
import type { JsonObject } from './json.ts';
import { apiVersionOf } from './resource.ts';
import type { Resource } from './resource.ts';
import type { World } from './world.ts';

const STORED = ['create', 'delete', 'deletecollection', 'get', 'list', 'patch', 'update', 'watch'];

/** The verbs of a subresource, and the kind it speaks if that is not the resource's own. */
const SUBRESOURCES: Record<
  string,
  { verbs: string[]; kind?: string; group?: string; version?: string }
> = {
  status: { verbs: ['get', 'patch', 'update'] },
  log: { verbs: ['get'] },
  binding: { verbs: ['create'], kind: 'Binding' },
  scale: { verbs: ['get', 'patch', 'update'], kind: 'Scale', group: 'autoscaling', version: 'v1' },
  eviction: { verbs: ['create'], kind: 'Eviction', group: 'policy', version: 'v1' },
  token: { verbs: ['create'], kind: 'TokenRequest', group: 'authentication.k8s.io', version: 'v1' },
};

/** Those that are answered; others are refused by name when somebody asks. */
const served = ({ subresources }: Resource): string[] =>
  subresources.filter((name) => Object.hasOwn(SUBRESOURCES, name));

const verbsOf = ({ virtual }: Resource): string[] => (virtual ? ['create'] : STORED);

function resourceEntries(resource: Resource): JsonObject[] {
  const { plural, singular, namespaced, kind, shortNames, categories } = resource;
  return [
    {
      name: plural,
      singularName: singular,
      namespaced,
      kind,
      verbs: verbsOf(resource),
      ...(shortNames.length > 0 ? { shortNames } : {}),
      ...(categories.length > 0 ? { categories } : {}),
    },
    ...served(resource).map((name) => ({
      name: `${plural}/${name}`,
      singularName: '',
      namespaced,
      kind,
      ...SUBRESOURCES[name],
    })),
  ];
}

function aggregatedEntry(resource: Resource): JsonObject {
  const { plural, singular, namespaced, kind, group, version, shortNames, categories } = resource;
  return {
    resource: plural,
    responseKind: { group, version, kind },
    scope: namespaced ? 'Namespaced' : 'Cluster',
    singularResource: singular,
    verbs: verbsOf(resource),
    ...(shortNames.length > 0 ? { shortNames } : {}),
    ...(categories.length > 0 ? { categories } : {}),
    subresources: served(resource).map((name) => {
      const { verbs, ...responseKind } = {
        group,
        version,
        kind,
        ...SUBRESOURCES[name],
        verbs: SUBRESOURCES[name]?.verbs,
      };
      return { subresource: name, responseKind, verbs };
    }),
  };
}

/** Group to version to resources, in the order in which they came. */
function grouped(world: World): Map<string, Map<string, Resource[]>> {
  const groups = new Map<string, Map<string, Resource[]>>();
  for (const resource of world.registry.all()) {
    const versions = groups.get(resource.group) ?? new Map<string, Resource[]>();
    groups.set(resource.group, versions);
    versions.set(resource.version, [...(versions.get(resource.version) ?? []), resource]);
  }
  return groups;
}

function groupEntry(group: string, versions: string[]): JsonObject {
  const all = versions.map((version) => ({ groupVersion: `${group}/${version}`, version }));
  return { name: group, versions: all, preferredVersion: all[0] };
}

const AGGREGATED = 'application/json;g=apidiscovery.k8s.io;v=v2;as=APIGroupDiscoveryList';

const wantsAggregated = (accept: string): boolean =>
  accept.replaceAll(' ', '').includes(AGGREGATED);

export interface Found {
  body: JsonObject;
  contentType?: string;
}

/** The answer for a discovery path, or undefined when there is nothing. */
export function discover(world: World, pathname: string, accept: string): Found | undefined {
  const path = pathname.replace(/\/$/, '');
  if ((path === '/api' || path === '/apis') && wantsAggregated(accept)) {
    return { body: aggregated(world, path === '/api'), contentType: AGGREGATED };
  }
  const body = plain(world, path);
  return body === undefined ? undefined : { body };
}

function plain(world: World, path: string): JsonObject | undefined {
  const groups = grouped(world);
  if (path === '/api') {
    const address = { clientCIDR: '0.0.0.0/0', serverAddress: new URL(world.serverUrl).host };
    return { kind: 'APIVersions', versions: ['v1'], serverAddressByClientCIDRs: [address] };
  }
  if (path === '/apis') {
    const named = [...groups].filter(([group]) => group !== '');
    const entries = named.map(([group, versions]) => groupEntry(group, [...versions.keys()]));
    return { kind: 'APIGroupList', apiVersion: 'v1', groups: entries };
  }
  const [, root, first = '', second] = path.split('/');
  if (root === 'api') return resourceList(groups.get('')?.get(first));
  const versions = root === 'apis' ? groups.get(first) : undefined;
  if (versions === undefined) return undefined;
  if (second !== undefined) return resourceList(versions.get(second));
  return { kind: 'APIGroup', apiVersion: 'v1', ...groupEntry(first, [...versions.keys()]) };
}

function resourceList(resources: Resource[] | undefined): JsonObject | undefined {
  const [first] = resources ?? [];
  if (first === undefined) return undefined;
  return {
    kind: 'APIResourceList',
    apiVersion: 'v1',
    groupVersion: apiVersionOf(first),
    resources: resources?.flatMap(resourceEntries),
  };
}

function aggregated(world: World, isCore: boolean): JsonObject {
  const groups = [...grouped(world)].filter(([group]) => (group === '') === isCore);
  return {
    kind: 'APIGroupDiscoveryList',
    apiVersion: 'apidiscovery.k8s.io/v2',
    metadata: {},
    items: groups.map(([group, versions]) => ({
      metadata: { name: group, creationTimestamp: null },
      versions: [...versions].map(([version, resources]) => ({
        version,
        resources: resources.map(aggregatedEntry),
        freshness: 'Current',
      })),
    })),
  };
}

export const VERSION: JsonObject = {
  major: '1',
  minor: '34',
  gitVersion: 'v1.34.0+muster',
  gitCommit: '0000000000000000000000000000000000000000',
  gitTreeState: 'clean',
  buildDate: '1970-01-01T00:00:00Z',
  goVersion: 'none',
  compiler: 'none',
  platform: 'any/any',
};
