// A custom kind whose definition has a bit of everything.
import type { JsonObject } from '../json.ts';

const SPEC: JsonObject = {
  type: 'object',
  required: ['sails'],
  properties: {
    sails: { type: 'integer', minimum: 1, maximum: 9 },
    rig: { type: 'string', enum: ['sloop', 'ketch'], default: 'sloop' },
    call: { type: 'string', pattern: '^[A-Z]+$', minLength: 2, maxLength: 4 },
    draught: { type: 'number', exclusiveMinimum: true, minimum: 0, multipleOf: 0.5 },
    built: { type: 'string', format: 'date-time' },
    port: { 'x-kubernetes-int-or-string': true },
    flag: { type: 'string', nullable: true },
    cargo: { type: 'object', 'x-kubernetes-preserve-unknown-fields': true },
    marks: { type: 'object', additionalProperties: { type: 'string' }, maxProperties: 2 },
    decks: {
      type: 'array',
      maxItems: 2,
      'x-kubernetes-list-type': 'set',
      items: { type: 'string' },
    },
    crew: {
      type: 'array',
      'x-kubernetes-list-type': 'map',
      'x-kubernetes-list-map-keys': ['name'],
      items: {
        type: 'object',
        required: ['name'],
        properties: { name: { type: 'string' }, rank: { type: 'string', default: 'sailor' } },
      },
    },
  },
};

const COLUMNS: JsonObject[] = [
  { name: 'Sails', type: 'integer', jsonPath: '.spec.sails' },
  { name: 'Afloat', type: 'string', jsonPath: '.status.conditions[?(@.type=="Afloat")].status' },
  { name: 'Built', type: 'date', jsonPath: '.metadata.creationTimestamp', priority: 1 },
];

export const boatDefinition = (group: string): JsonObject => ({
  apiVersion: 'apiextensions.k8s.io/v1',
  kind: 'CustomResourceDefinition',
  metadata: { name: `boats.${group}` },
  spec: {
    group,
    scope: 'Namespaced',
    names: { plural: 'boats', kind: 'Boat', shortNames: ['bt'], categories: ['fleet'] },
    versions: [
      {
        name: 'v1',
        served: true,
        storage: true,
        subresources: {
          status: {},
          scale: {
            specReplicasPath: '.spec.sails',
            statusReplicasPath: '.status.set',
            labelSelectorPath: '.status.selector',
          },
        },
        additionalPrinterColumns: COLUMNS,
        selectableFields: [{ jsonPath: '.spec.rig' }],
        schema: {
          openAPIV3Schema: {
            type: 'object',
            required: ['spec'],
            properties: {
              spec: SPEC,
              status: {
                type: 'object',
                'x-kubernetes-preserve-unknown-fields': true,
                properties: {
                  set: { type: 'integer' },
                  selector: { type: 'string' },
                  depth: { type: 'integer' },
                },
              },
            },
          },
        },
      },
    ],
  },
});

export const aBoat = (
  group: string,
  metadata: JsonObject,
  spec: JsonObject = { sails: 2 },
): JsonObject => ({ apiVersion: `${group}/v1`, kind: 'Boat', metadata, spec });
