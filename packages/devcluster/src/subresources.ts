// Subresources that are neither the object nor its status: binding and token.
import { objectAt, objectsAt, stringAt, stringsAt } from './json.ts';
import type { JsonObject } from './json.ts';
import { timestamp } from './object.ts';
import type { KubeObject } from './object.ts';
import { badRequest, conflict, invalid, invalidValue } from './status.ts';
import type { Target, World } from './world.ts';
import { TABLES } from './world.ts';

/** What a scheduler says: this pod goes to that node. */
export function bind(
  world: World,
  target: Target,
  { pod, binding }: { pod: KubeObject; binding: JsonObject },
): void {
  const { name } = pod.metadata;
  const node = stringAt(objectAt(binding, 'target'), 'name') ?? '';
  const spec = objectAt(pod, 'spec') ?? {};
  const bound = stringAt(spec, 'nodeName') ?? '';
  const subject = { group: '', plural: 'pods/binding' };
  if (node === '') throw badRequest('the target of a binding must name a node');
  if (pod.metadata.deletionTimestamp !== undefined) {
    throw conflict(subject, name, `pod ${name} is being deleted, cannot be assigned to a host`);
  }
  if (bound !== '')
    throw conflict(subject, name, `pod ${name} is already assigned to node "${bound}"`);
  const status = objectAt(pod, 'status') ?? {};
  const others = objectsAt(status, 'conditions').filter(
    (condition) => condition['type'] !== 'PodScheduled',
  );
  const scheduled = {
    type: 'PodScheduled',
    status: 'True',
    lastProbeTime: null,
    lastTransitionTime: timestamp(world.now()),
  };
  if (target.dryRun) return;
  world.store.put(TABLES.pods, {
    ...pod,
    spec: { ...spec, nodeName: node },
    status: { ...status, conditions: [...others, scheduled] },
  });
}

const HOUR_SECONDS = 3600;

/** A token for a ServiceAccount, bound to a pod if one is named. */
export async function requestToken(
  world: World,
  account: KubeObject,
  body: JsonObject,
): Promise<JsonObject> {
  const spec = objectAt(body, 'spec') ?? {};
  const ref = objectAt(spec, 'boundObjectRef');
  const asked = spec['expirationSeconds'];
  const seconds = typeof asked === 'number' ? asked : HOUR_SECONDS;
  if (seconds < 600) {
    const why = 'may not specify a duration less than 10 minutes';
    const kind = { group: 'authentication.k8s.io', kind: 'TokenRequest' };
    throw invalid(kind, '', [invalidValue('spec.expirationSeconds', seconds, why)]);
  }
  const audiences = stringsAt(spec, 'audiences');
  const boundTo = ref && {
    kind: stringAt(ref, 'kind') ?? '',
    name: stringAt(ref, 'name') ?? '',
    uid: boundUid(world, account, ref),
  };
  const now = world.now();
  const token = await world.signer.sign({ account, audiences, seconds, boundTo }, now);
  return {
    kind: 'TokenRequest',
    apiVersion: 'authentication.k8s.io/v1',
    metadata: { name: account.metadata.name, namespace: account.metadata.namespace },
    spec: { ...spec, audiences, expirationSeconds: seconds },
    status: { token, expirationTimestamp: timestamp(now + seconds * 1000) },
  };
}

function boundUid(world: World, account: KubeObject, ref: JsonObject): string {
  const name = stringAt(ref, 'name') ?? '';
  const { namespace } = account.metadata;
  if (stringAt(ref, 'kind') !== 'Pod')
    throw badRequest(`cannot bind token for object of type ${JSON.stringify(ref['kind'])}`);
  const pod = world.store.get(TABLES.pods, { namespace, name });
  const uid = stringAt(ref, 'uid') ?? '';
  if (pod === undefined) throw badRequest(`pods "${name}" not found`);
  if (uid !== '' && uid !== pod.metadata.uid) {
    throw conflict(
      { group: '', plural: 'pods' },
      name,
      `the UID in the bound object reference (${uid}) does not match the UID in record. The object might have been deleted and then recreated`,
    );
  }
  return pod.metadata.uid;
}
