// What a container is given: its environment, and the files of the Secrets that are mounted in it.
import { SecretKind } from '@muster/kube';
import type { KubeClient, Pod } from '@muster/kube';

/** A container, as a program sees it. */
export interface Container {
  readonly pod: Pod;
  readonly env: Record<string, string>;
  /** By path. */
  readonly files: Record<string, string>;
}

/** Undefined while a Secret that it needs is not there. */
export async function furnished(pod: Pod, kube: KubeClient): Promise<Container | undefined> {
  const secrets = await secretsOf(pod, kube);
  if (secrets === undefined) return undefined;
  return { pod, env: envOf(pod, secrets), files: filesOf(pod, secrets) };
}

/** These pods have one container each. */
export function containerOf({ spec }: Pod): Pod['spec']['containers'][number] {
  const [container] = spec.containers;
  if (container === undefined) throw new Error('a pod has at least one container');
  return container;
}

type Secrets = Map<string, Record<string, string>>;

async function secretsOf(pod: Pod, kube: KubeClient): Promise<Secrets | undefined> {
  const { namespace = '' } = pod.metadata;
  const secrets: Secrets = new Map();
  for (const name of secretNames(pod)) {
    const secret = await kube.get(SecretKind, { namespace, name });
    if (secret === undefined) return undefined;
    secrets.set(name, decoded(secret.data ?? {}));
  }
  return secrets;
}

function secretNames(pod: Pod): Set<string> {
  const env = (containerOf(pod).env ?? []).map(({ valueFrom }) => valueFrom?.secretKeyRef?.name);
  const volumes = (pod.spec.volumes ?? []).map(({ secret }) => secret?.secretName);
  return new Set([...env, ...volumes].filter((name) => name !== undefined));
}

const decoded = (data: Record<string, string>): Record<string, string> =>
  Object.fromEntries(
    Object.entries(data).map(([key, value]) => [key, Buffer.from(value, 'base64').toString()]),
  );

function envOf(pod: Pod, secrets: Secrets): Record<string, string> {
  const env: Record<string, string> = {};
  for (const { name, value = '', valueFrom } of containerOf(pod).env ?? []) {
    const { secretKeyRef, fieldRef } = valueFrom ?? {};
    if (secretKeyRef) env[name] = secrets.get(secretKeyRef.name ?? '')?.[secretKeyRef.key] ?? '';
    else env[name] = fieldRef ? fieldOf(pod, fieldRef.fieldPath) : value;
  }
  return env;
}

function fieldOf({ metadata: { name, namespace = '', uid } }: Pod, path: string): string {
  const fields = { 'metadata.name': name, 'metadata.namespace': namespace, 'metadata.uid': uid };
  const value = new Map(Object.entries(fields)).get(path);
  if (value === undefined) throw new Error(`a container asks for the field ${path}`);
  return value;
}

function filesOf(pod: Pod, secrets: Secrets): Record<string, string> {
  const files: Record<string, string> = {};
  for (const { name, mountPath } of containerOf(pod).volumeMounts ?? []) {
    const volume = pod.spec.volumes?.find((one) => one.name === name);
    const data = secrets.get(volume?.secret?.secretName ?? '') ?? {};
    for (const [key, text] of Object.entries(data)) files[`${mountPath}/${key}`] = text;
  }
  return files;
}
