// What the pages of docs/ name is there, and what is there they name.
import { access, glob, readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { DELETION_ANNOTATIONS, LIMIT_ANNOTATIONS, LISTENER_ANNOTATIONS } from '@muster/api';
import { describe, expect, test } from 'vitest';
import { parse } from 'yaml';
import { allPages, commandsOf, pageOf } from './pages.ts';

const ROOT = fileURLToPath(new URL('../../../', import.meta.url));

const pages = await allPages();

async function sourcesIn(folder: string): Promise<string[]> {
  const files = await readdir(join(ROOT, folder), { recursive: true });
  const ours = files.filter((file) => /(?<!\.test)\.ts$/.test(file) && !/(^|\/)testing/.test(file));
  return Promise.all(ours.map((file) => readFile(join(ROOT, folder, file), 'utf8')));
}

describe('the pages of docs/', () => {
  test('are all in its index', async () => {
    const index = await pageOf('README.md');
    for (const { name } of pages.filter((page) => page !== index && page.name !== 'README.md')) {
      expect(index.text).toContain(`](${name})`);
    }
  });

  test.each(pages.map((page) => [page.name, page] as const))(
    '%s links to what is there',
    async (_, { text }) => {
      const targets = [...text.matchAll(/\]\((?!https?:)([^)#]+)/g)].map(
        ([, target = '']) => target,
      );
      for (const target of targets) await access(join(ROOT, 'docs', target));
    },
  );

  test('mark what cannot be run here by a known word', () => {
    const needs = pages.flatMap(commandsOf).map((block) => block.needs);
    // The last one is run by `pnpm e2e` (deleted-namespace.e2e.ts).
    const known = ['ghcr.io', 'github.com', 'one-namespace'];
    const marked = new Set(needs.filter((word) => word !== undefined));
    expect([...marked].filter((word) => !known.includes(word))).toEqual([]);
  });

  test('have examples in YAML that can be read', () => {
    const examples = pages.flatMap(({ blocks }) =>
      blocks.filter(({ language }) => language === 'yaml'),
    );
    expect(examples.length).toBeGreaterThan(4);
    for (const { text } of examples) expect(parse(text)).toBeTypeOf('object');
  });
});

describe('the public addresses', () => {
  // Each is written where people copy it from, so it is in more than one file; it is the same in all.
  const KNOWN = [
    'ghcr.io/muster-runners/muster',
    'ghcr.io/muster-runners/charts',
    'ghcr.io/actions/actions-runner',
    'ghcr.io/actions/actions-runner-controller-charts',
    'ghcr.io/actions/gha-runner-scale-set-controller',
  ];

  test('are spelled alike everywhere', async () => {
    const texts = '{charts,docs,packages,images,e2e,.github}/**/*.{ts,md,yml,yaml,json,txt,tpl}';
    const isTheirs = (path: string): boolean => path.endsWith('node_modules');
    const files: string[] = [];
    const found = glob([texts, 'README.md'], { cwd: ROOT, exclude: isTheirs });
    for await (const file of found) files.push(file);
    expect(files.length).toBeGreaterThan(300);
    const strange: string[] = [];
    for (const file of files) {
      const text = await readFile(join(ROOT, file), 'utf8');
      for (const [address] of text.matchAll(/ghcr\.io\/[a-z-]+(?:\/[a-z-]+)?/g)) {
        if (!KNOWN.includes(address)) strange.push(`${file}: ${address}`);
      }
    }
    expect(strange).toEqual([]);
  });
});

describe('troubleshooting.md', () => {
  /** Words of our sources that are written like a reason and are none: kinds, fields and values of Kubernetes and ours. */
  const NO_REASONS = new Set([
    ...['AutoscalingListener', 'AutoscalingRunnerSet', 'EphemeralRunner', 'EphemeralRunnerSet'],
    ...['ConfigMap', 'CustomResourceDefinition', 'Namespace', 'Opaque', 'Secret', 'RuntimeDefault'],
    ...['Always', 'Never', 'Default', 'Ignore', 'Strict', 'Normal', 'Warning', 'False', 'Unknown'],
    ...[
      'GitHub',
      'PodScheduled',
      'DisruptionTarget',
      'CredentialsError',
      'SetGoneError',
      'Refusal',
    ],
    // Phases, and states of a re-run.
    ...['Pending', 'Running', 'Succeeded', 'Failed', 'Completed', 'GivenUp', 'Error', 'Evicted'],
    // A kubelet's words for an image that cannot be pulled; the message has them.
    ...['ErrImageNeverPull', 'ErrImagePull', 'ImageInspectError', 'ImagePullBackOff'],
    ...['InvalidImageName', 'RegistryUnavailable', 'SignatureValidationFailed'],
  ]);

  const reasonsIn = (text: string): string[] =>
    [...text.matchAll(/'([A-Z][a-z]+(?:[A-Z][A-Za-z]*)*)'/g)]
      .map(([, word = '']) => word)
      .filter((word) => word.length > 4 && !NO_REASONS.has(word));

  test('has every condition and reason that our programs give', async () => {
    const { text } = await pageOf('troubleshooting.md');
    const sources = [
      ...(await sourcesIn('packages/controller/src')),
      ...(await sourcesIn('packages/listener/src')),
    ];
    const missing = new Set(
      sources.flatMap(reasonsIn).filter((word) => !text.includes(`\`${word}\``)),
    );
    expect([...missing].sort()).toEqual([]);
  });

  test('has no reason that they do not give', async () => {
    const { text } = await pageOf('troubleshooting.md');
    const [, tables = ''] = text.split('## Conditions of an AutoscalingRunnerSet');
    const given = new Set(
      [
        ...(await sourcesIn('packages/controller/src')),
        ...(await sourcesIn('packages/listener/src')),
      ]
        .join('\n')
        .match(/[A-Z][A-Za-z]+/g),
    );
    const named = [...tables.matchAll(/`([A-Z][a-z]+[A-Za-z]*)`/g)].map(([, word = '']) => word);
    expect(named.length).toBeGreaterThan(60);
    // A listener's states are reasons too, written in another way.
    const states = named.filter((word) => !given.has(word));
    expect(states).toEqual([]);
  });

  test('has every state of a listener, and none besides', async () => {
    const { text } = await pageOf('troubleshooting.md');
    const [, section = ''] = /## What a listener says\n([^]*?)\n## /.exec(text) ?? [];
    const said = [...section.matchAll(/^\| `([a-z-]+)`/gm)].map(([, state]) => state);
    const standing = await readFile(join(ROOT, 'packages/listener/src/standing.ts'), 'utf8');
    const [lists = ''] = standing.split('export type Trouble');
    const states = [...lists.matchAll(/'([a-z-]+)'/g)].map(([, state]) => state);
    expect(states.length).toBeGreaterThan(10);
    expect(said.sort()).toEqual(states.sort());
  });
});

test('operations.md has every annotation that a user may set', async () => {
  const { text } = await pageOf('operations.md');
  const annotations = [LIMIT_ANNOTATIONS, DELETION_ANNOTATIONS, LISTENER_ANNOTATIONS].flatMap(
    (names) => Object.values<string>(names),
  );
  expect(annotations.filter((name) => !text.includes(name))).toEqual([]);
});
