// OpenAPI v3, as far as kubectl reads it: that writes check fields here, and the schemas of custom kinds.
import { objectAt } from './json.ts';
import type { JsonObject } from './json.ts';
import { apiVersionOf } from './resource.ts';
import type { Resource } from './resource.ts';
import { KIND_SCHEMAS, kindSchemaName } from './schema/kinds.ts';
import type { World } from './world.ts';

const documentPath = (resource: Resource): string =>
  `${resource.group === '' ? 'api' : 'apis'}/${apiVersionOf(resource)}`;

export function openApi(world: World, pathname: string): JsonObject | undefined {
  const path = pathname.replace(/^\/openapi\/v3\/?/, '');
  if (path === '') {
    const paths = [...new Set(world.registry.all().map(documentPath))];
    // The hash changes with every definition, so that nobody keeps an old document.
    const hash = world.store.changedAt('customresourcedefinitions.apiextensions.k8s.io');
    return {
      paths: Object.fromEntries(
        paths.map((at) => [at, { serverRelativeURL: `/openapi/v3/${at}?hash=${hash}` }]),
      ),
    };
  }
  const resources = world.registry.all().filter((resource) => documentPath(resource) === path);
  return resources.length === 0 ? undefined : document(resources);
}

const document = (resources: Resource[]): JsonObject => ({
  openapi: '3.0.0',
  info: { title: 'Kubernetes', version: 'v1.34.0' },
  paths: Object.fromEntries(
    resources.map((resource) => [objectPath(resource), operations(resource)]),
  ),
  components: {
    schemas: {
      ...KIND_SCHEMAS,
      ...Object.fromEntries(
        resources
          .filter(({ custom }) => custom)
          .map((resource) => [schemaName(resource), schema(resource)]),
      ),
    },
  },
});

const objectPath = (resource: Resource): string =>
  `/${documentPath(resource)}${resource.namespaced ? '/namespaces/{namespace}' : ''}/${resource.plural}/{name}`;

const schemaName = (resource: Resource): string => {
  const { group, version, kind } = resource;
  return (
    kindSchemaName(resource) ??
    `${group === '' ? 'io.k8s.api.core' : group.split('.').reverse().join('.')}.${version}.${kind}`
  );
};

const schema = (resource: Resource): JsonObject => ({
  type: 'object',
  ...resource.schema,
  'x-kubernetes-group-version-kind': [gvk(resource)],
});

const gvk = ({ group, version, kind }: Resource): JsonObject => ({ group, version, kind });

/** `fieldValidation` tells kubectl that the server judges fields, so that it need not. */
function operations(resource: Resource): JsonObject {
  const parameters = ['dryRun', 'fieldManager', 'fieldValidation'].map((name) => ({
    name,
    in: 'query',
    schema: { type: 'string' },
  }));
  const content = { schema: { $ref: `#/components/schemas/${schemaName(resource)}` } };
  const operation = (action: string): JsonObject => ({
    'x-kubernetes-action': action,
    'x-kubernetes-group-version-kind': gvk(resource),
    parameters,
    responses: { 200: { description: 'OK', content: { 'application/json': content } } },
  });
  return {
    get: operation('get'),
    put: operation('put'),
    patch: {
      ...operation('patch'),
      requestBody: {
        content: { 'application/merge-patch+json': objectAt(content, 'schema') ?? {} },
      },
    },
  };
}
