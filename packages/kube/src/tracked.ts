// A client that tells what each of its writes should make the caches show.
import { isKubeError } from './errors.ts';
import type { At, Kind, Metadata } from './object.ts';
import type { KubeClient, WriteOptions } from './types.ts';

export type Expected =
  /** This version of this very object, or its end. */
  | { is: 'version'; uid: string; resourceVersion: string }
  | { is: 'present' }
  | { is: 'deleting' | 'gone'; uid: string | undefined };

export interface Tracking {
  track: <R>(call: Promise<R>) => Promise<R>;
  expect: (kind: Kind, at: At, expected: Expected) => void;
  covers: (kind: Kind, object: { metadata: Metadata }) => boolean;
}

type Patching = Pick<KubeClient, 'patch' | 'patchStatus' | 'patchJson' | 'patchScale'>;

/** The same client; what it writes is expected in the caches afterwards. */
export function trackedClient(client: KubeClient, tracking: Tracking): KubeClient {
  return {
    ...client,
    ...trackedPatches(client, tracking),
    create: trackedCreate(client, tracking),
    delete: trackedDelete(client, tracking),
    fenced: (mayWrite) => trackedClient(client.fenced(mayWrite), tracking),
  };
}

const isDry = (options: WriteOptions | undefined): boolean => options?.dryRun === true;

function expectVersion(
  kind: Kind,
  object: { metadata: Metadata },
  { expect, covers }: Pick<Tracking, 'expect' | 'covers'>,
): void {
  const { uid, resourceVersion, namespace, name } = object.metadata;
  const at = namespace === undefined ? { name } : { namespace, name };
  if (covers(kind, object)) expect(kind, at, { is: 'version', uid, resourceVersion });
}

function trackedPatches(client: KubeClient, tracking: Tracking): Patching {
  const { track, expect } = tracking;
  async function patched<T extends { metadata: Metadata }>(
    wish: { kind: Kind; at: At; options: WriteOptions | undefined },
    send: () => Promise<T | undefined>,
  ): Promise<T | undefined> {
    const { kind, at, options } = wish;
    const object = await send();
    if (isDry(options)) return object;
    if (object === undefined) expect(kind, at, { is: 'gone', uid: undefined });
    else expectVersion(kind, object, tracking);
    return object;
  }
  return {
    patch: (kind, at, ...[body, options]) =>
      track(patched({ kind, at, options }, () => client.patch(kind, at, body, options))),
    patchStatus: (kind, at, ...[body, options]) =>
      track(patched({ kind, at, options }, () => client.patchStatus(kind, at, body, options))),
    patchScale: (kind, at, ...[body, options]) =>
      track(patched({ kind, at, options }, () => client.patchScale(kind, at, body, options))),
    patchJson: (kind, at, ...[operations, options]) =>
      track(patched({ kind, at, options }, () => client.patchJson(kind, at, operations, options))),
  };
}

function trackedCreate(client: KubeClient, tracking: Tracking): KubeClient['create'] {
  return (kind, object, options) => {
    const sent = client.create(kind, object, options);
    if (isDry(options)) return tracking.track(sent);
    const noted = sent.then(
      (created) => {
        expectVersion(kind, created, tracking);
        return created;
      },
      (error: unknown) => {
        // It is there, and the cache has yet to show it (design: names before creates).
        if (isKubeError(error, 'already-exists')) {
          tracking.expect(kind, object.metadata, { is: 'present' });
        }
        throw error;
      },
    );
    return tracking.track(noted);
  };
}

function trackedDelete(client: KubeClient, { track, expect }: Tracking): KubeClient['delete'] {
  return (kind, at, options) =>
    track(
      client.delete(kind, at, options).then((outcome) => {
        if (options?.dryRun === true) return outcome;
        expect(kind, at, { is: outcome === 'deleted' ? 'deleting' : 'gone', uid: options?.uid });
        return outcome;
      }),
    );
}
