// A container's environment and command line, as the kubelet makes them.
import type { Container, EnvFrom, EnvVar } from './pod.ts';
import { downwardValue } from './fields.ts';
import type { Placed } from './fields.ts';
import { MissingError } from './sources.ts';
import type { SourceKind, Sources } from './sources.ts';

export type Env = Record<string, string>;

/** Replaces $(NAME); $$ stands for one dollar; what is not known stays as it is. */
export const expand = (text: string, known: Env): string =>
  text.replaceAll(/\$(?:\$|\(([^()]*)\))/g, (whole, name: string | undefined) => {
    if (name === undefined) return '$';
    return known[name] ?? whole;
  });

interface EnvInput {
  container: Container;
  /** The variables of Services, which a container may refer to. */
  services: Env;
  placed: Placed;
  sources: Sources;
}

/**
 * What a container's spec gives it, which is all that `$(NAME)` can name: what its image and the
 * machine add is not known to a kubelet. Throws `MissingError` when a Secret, a ConfigMap or a key is
 * needed and not there.
 */
export async function environment(input: EnvInput): Promise<Env> {
  const { container, services, sources } = input;
  const env: Env = { ...services };
  for (const from of container.envFrom ?? []) Object.assign(env, await imported(from, sources));
  for (const variable of container.env ?? []) {
    const value = await valueOf(variable, { ...input, services: env });
    if (value !== undefined) env[variable.name] = value;
  }
  return env;
}

async function imported(from: EnvFrom, sources: Sources): Promise<Env> {
  const ref = from.secretRef ?? from.configMapRef;
  if (ref?.name === undefined) return {};
  const kind: SourceKind = from.secretRef ? 'secret' : 'configmap';
  const data = await sources.data(kind, ref.name);
  if (data === undefined && ref.optional !== true) throw notFound(kind, ref.name);
  return Object.fromEntries(
    [...(data ?? [])].map(([key, value]) => [`${from.prefix ?? ''}${key}`, value.toString()]),
  );
}

async function valueOf(variable: EnvVar, input: EnvInput): Promise<string | undefined> {
  const { value, valueFrom } = variable;
  if (valueFrom === undefined) return expand(value ?? '', input.services);
  const { secretKeyRef, configMapKeyRef } = valueFrom;
  if (secretKeyRef) return keyOf('secret', secretKeyRef, input);
  if (configMapKeyRef) return keyOf('configmap', configMapKeyRef, input);
  const field = downwardValue(valueFrom, input.placed, input.container.name);
  if (field === undefined) {
    throw new MissingError(`variable ${variable.name}: this node does not know that field`);
  }
  return field;
}

async function keyOf(
  kind: SourceKind,
  ref: { name?: string; key: string; optional?: boolean },
  { placed, sources }: EnvInput,
): Promise<string | undefined> {
  const name = ref.name ?? '';
  const data = await sources.data(kind, name);
  const value = data?.get(ref.key)?.toString();
  if (value !== undefined || ref.optional === true) return value;
  if (data === undefined) throw notFound(kind, name);
  const shown = kind === 'secret' ? 'Secret' : 'ConfigMap';
  throw new MissingError(
    `couldn't find key ${ref.key} in ${shown} ${placed.pod.metadata.namespace}/${name}`,
  );
}

export const notFound = (kind: SourceKind, name: string): MissingError =>
  new MissingError(`${kind} "${name}" not found`);
