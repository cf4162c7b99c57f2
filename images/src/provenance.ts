// Where the image comes from, as an in-toto statement with SLSA provenance. It is unsigned: whoever publishes the
// image signs it (`cosign attest --type slsaprovenance1`).
import { execFile } from 'node:child_process';
import { createHash } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';
import type { NodePackage } from './base.ts';

const run = promisify(execFile);

export const SOURCE = 'https://github.com/muster-runners/muster';

export interface Origin {
  /** The checkout's folder. */
  root: string;
  name: string;
  digest: string;
  architecture: string;
  node: NodePackage;
}

export async function provenance({
  root,
  name,
  digest,
  architecture,
  node,
}: Origin): Promise<object> {
  const lockfile = await readFile(join(root, 'pnpm-lock.yaml'));
  return {
    _type: 'https://in-toto.io/Statement/v1',
    subject: [{ name, digest: { sha256: digest.slice('sha256:'.length) } }],
    predicateType: 'https://slsa.dev/provenance/v1',
    predicate: {
      buildDefinition: {
        buildType: `${SOURCE}/tree/main/images`,
        externalParameters: { command: 'pnpm image', name, architecture },
        resolvedDependencies: [
          ...(await sourceOf(root)),
          {
            name: 'pnpm-lock.yaml',
            digest: { sha256: createHash('sha256').update(lockfile).digest('hex') },
          },
          {
            uri: `pkg:npm/${node.name}@${node.version}`,
            digest: {
              sha512: Buffer.from(node.integrity.slice('sha512-'.length), 'base64').toString('hex'),
            },
          },
        ],
      },
      runDetails: { builder: { id: `${SOURCE}/blob/main/images/src/main.ts` } },
    },
  };
}

/** The commit, when this is a checkout; said to be changed when files differ from it. */
async function sourceOf(root: string): Promise<object[]> {
  try {
    const { stdout: commit } = await run('git', ['rev-parse', 'HEAD'], { cwd: root });
    const { stdout: changes } = await run('git', ['status', '--porcelain'], { cwd: root });
    return [
      {
        uri: `git+${SOURCE}`,
        digest: { gitCommit: commit.trim() },
        ...(changes !== '' && { annotations: { changed: 'the checkout differs from its commit' } }),
      },
    ];
  } catch {
    return [];
  }
}
