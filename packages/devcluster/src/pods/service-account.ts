// What the ServiceAccount plugin does to a new pod: its account, pull secrets and the token volume.
import { isObject, objectsAt, stringAt } from '../json.ts';
import type { JsonObject } from '../json.ts';
import { randomSuffix } from '../object.ts';
import type { KubeObject } from '../object.ts';
import { forbidden } from '../status.ts';
import { TABLES } from '../world.ts';
import type { Target, World } from '../world.ts';

const MOUNT_PATH = '/var/run/secrets/kubernetes.io/serviceaccount';

export function admitServiceAccount(
  world: World,
  { resource, namespace }: Target,
  pod: KubeObject,
): void {
  const spec = pod['spec'];
  if (!isObject(spec)) return;
  const given = stringAt(spec, 'serviceAccountName') ?? '';
  const name = given === '' ? 'default' : given;
  spec['serviceAccountName'] = name;
  spec['serviceAccount'] = name;
  const account = world.store.get(TABLES.serviceAccounts, { namespace, name });
  if (account === undefined) {
    const why = `error looking up service account ${namespace ?? ''}/${name}: serviceaccount "${name}" not found`;
    throw forbidden({ ...resource, name: pod.metadata.name }, why);
  }
  const pullSecrets = objectsAt(account, 'imagePullSecrets');
  if (objectsAt(spec, 'imagePullSecrets').length === 0 && pullSecrets.length > 0) {
    spec['imagePullSecrets'] = pullSecrets;
  }
  const automount = spec['automountServiceAccountToken'] ?? account['automountServiceAccountToken'];
  if (automount !== false) mountToken(spec);
}

function mountToken(spec: JsonObject): void {
  const containers = [...objectsAt(spec, 'initContainers'), ...objectsAt(spec, 'containers')];
  const without = containers.filter(
    (container) =>
      !objectsAt(container, 'volumeMounts').some((mount) => mount['mountPath'] === MOUNT_PATH),
  );
  if (without.length === 0) return;
  const name = `kube-api-access-${randomSuffix()}`;
  for (const container of without) {
    const mount = { name, readOnly: true, mountPath: MOUNT_PATH };
    container['volumeMounts'] = [...objectsAt(container, 'volumeMounts'), mount];
  }
  spec['volumes'] = [...objectsAt(spec, 'volumes'), tokenVolume(name)];
}

const tokenVolume = (name: string): JsonObject => ({
  name,
  projected: {
    defaultMode: 0o644,
    sources: [
      { serviceAccountToken: { expirationSeconds: 3607, path: 'token' } },
      { configMap: { name: 'kube-root-ca.crt', items: [{ key: 'ca.crt', path: 'ca.crt' }] } },
      {
        downwardAPI: {
          items: [
            { path: 'namespace', fieldRef: { apiVersion: 'v1', fieldPath: 'metadata.namespace' } },
          ],
        },
      },
    ],
  },
});
