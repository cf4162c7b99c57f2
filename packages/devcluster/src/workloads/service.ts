// Services as objects: they get an address, and nothing answers there.
import { isEqual, objectAt, objectsAt, stringAt } from '../json.ts';
import type { JsonObject } from '../json.ts';
import { createHash } from 'node:crypto';
import type { Prepare, Validate } from '../resource.ts';
import { invalidValue, required } from '../status.ts';

/** An address of 10.96.0.0/12 made from the uid, so that none need be remembered. */
function addressOf(uid: string): string {
  const [a = 0, b = 0, c = 0] = createHash('sha256').update(uid).digest();
  return `10.${96 + (a % 16)}.${b}.${1 + (c % 254)}`;
}

export const prepareService: Prepare = (draft, before) => {
  const spec = objectAt(draft, 'spec');
  if (spec === undefined) return;
  spec['type'] ??= 'ClusterIP';
  spec['sessionAffinity'] ??= 'None';
  for (const port of objectsAt(spec, 'ports')) {
    port['protocol'] ??= 'TCP';
    port['targetPort'] ??= port['port'];
  }
  if (spec['type'] !== 'ExternalName') fillAddress(spec, before, draft.metadata.uid);
  if (before === undefined) draft['status'] = { loadBalancer: {} };
};

function fillAddress(spec: JsonObject, before: Parameters<Prepare>[1], uid: string): void {
  const given = stringAt(spec, 'clusterIP') ?? '';
  const kept = stringAt(objectAt(before, 'spec'), 'clusterIP');
  const address = given === '' ? (kept ?? addressOf(uid)) : given;
  Object.assign(spec, { clusterIP: address, clusterIPs: [address] });
  spec['internalTrafficPolicy'] ??= 'Cluster';
  spec['ipFamilies'] ??= ['IPv4'];
  spec['ipFamilyPolicy'] ??= 'SingleStack';
}

export const validateService: Validate = (service, before) => {
  const spec = objectAt(service, 'spec');
  const was = objectAt(before, 'spec');
  const address = spec?.['clusterIP'];
  if (
    objectsAt(spec, 'ports').length === 0 &&
    address !== 'None' &&
    spec?.['type'] !== 'ExternalName'
  )
    return [required('spec.ports')];
  const moved = was?.['clusterIP'] !== undefined && !isEqual(was['clusterIP'], address);
  return moved ? [invalidValue('spec.clusterIPs[0]', [address], 'may not change once set')] : [];
};
