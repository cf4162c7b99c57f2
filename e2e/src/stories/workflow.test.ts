// What a newcomer sees: workflow files go in, lines and a table come out.
import { describe } from 'vitest';
import { commitFiles } from './repository.ts';
import { STORY, story } from './story.ts';
import { tableOf } from './table.ts';

const WORKFLOW = `
name: Release
on: push
env:
  GREETING: hello from the workflow
defaults:
  run:
    shell: bash
jobs:
  build:
    runs-on: demo
    env:
      COLOUR: blue
    outputs:
      version: \${{ steps.read.outputs.version }}
    steps:
      - uses: actions/checkout@v4
      - uses: actions/setup-node@v4
      - id: read
        working-directory: source
        run: echo "version=$(cat version.txt)" >> "$GITHUB_OUTPUT"
  test:
    needs: build
    name: test \${{ matrix.os }}-\${{ matrix.node }}
    runs-on: demo
    strategy:
      fail-fast: false
      matrix:
        os: [linux, mac]
        node: [20, 24]
        exclude:
          - { os: mac, node: 20 }
        include:
          - { os: linux, node: 24, extra: true }
          - { os: bsd, node: 26 }
    steps:
      - name: Greet
        run: echo "$GREETING, version \${{ needs.build.outputs.version }}"
      - name: Try
        run: |
          echo "trying \${{ matrix.os }}"
          test "\${{ matrix.os }}" != mac
  flaky:
    runs-on: demo
    continue-on-error: true
    steps:
      - run: exit 4
  rescue:
    needs: test
    if: failure()
    runs-on: demo
    steps:
      - run: echo rescued
  publish:
    needs: test
    runs-on: demo
    steps:
      - run: echo published
  elsewhere:
    runs-on: ubuntu-latest
    steps:
      - run: echo never
`;

const resultsOf = (out: string): string[] =>
  tableOf(out).map(({ job, matrix, result }) => `${job} | ${matrix} | ${result}`);

describe.concurrent('muster dev', STORY, () => {
  story(
    'runs the default workflow to its end and scales back to zero',
    async ({ place, expect }) => {
      const { code, out, err } = await place.muster('dev').ended;
      expect({ code, err }).toEqual({ code: 0, err: '' });
      expect(resultsOf(out)).toEqual([
        'Survey the checkout | - | success',
        'check manifests (bash) | what=manifests shell=bash | success',
        'check manifests (node) | what=manifests shell=node strict=true | success',
        'check sources (node) | what=sources shell=node | success',
        'check licence (sh) | what=licence shell=sh | success',
        'Package | - | success',
      ]);
      for (const { job, times } of tableOf(out)) {
        // QUEUED, POD, STARTED, FINISHED, in that order.
        expect({ job, times }).toEqual({ job, times: times.toSorted((a = NaN, b = NaN) => a - b) });
      }
      const gone = out.match(/pod demo-runner-\w+ is gone/g) ?? [];
      expect([gone.length, new Set(gone).size], 'a runner a job').toEqual([6, 6]);
      expect(out).toContain('listener  wants 4 runners (1 before)');
      expect(out).toContain('the scale set is back at 0 runners');
      expect(out.match(/[^\n\x20-\x7e]/g), 'plain lines in a pipe').toBeNull();
    },
  );

  story('tells what became of every job, and why one failed', async ({ place, expect }) => {
    const path = '.github/workflows/release.yml';
    await commitFiles(place.desk, { [path]: WORKFLOW, 'source/version.txt': '1.2.3\n' });
    const { code, out, err } = await place.muster('dev', path, '--max-runners', '3').ended;
    expect({ code, err }).toEqual({ code: 1, err: '' });
    expect(resultsOf(out)).toEqual([
      'build | - | success (skipped: Run actions/setup-node@v4)',
      'test linux-20 | os=linux node=20 | success',
      'test linux-24 | os=linux node=24 extra=true | success',
      'test mac-24 | os=mac node=24 | failure',
      'test bsd-26 | os=bsd node=26 | success',
      'flaky | - | failure (allowed)',
      'rescue | - | success',
      'publish | - | skipped (test failed)',
      'elsewhere | - | waiting: no scale set has the label ubuntu-latest',
    ]);
    expect(out).toMatch(/\nnote: job build: Run actions\/setup-node@v4: .* is not run here/);
    expect(out).toMatch(/\n--- log of test mac-24\n/);
    expect(out).toContain('hello from the workflow, version 1.2.3\n');
    expect(out).toContain('trying mac\n');
    // The logs of those that did not fail, or may, are nobody's business.
    expect(out).not.toContain('trying linux');
    expect(out.match(/--- log of/g)).toHaveLength(1);
    expect(out).not.toContain('wants 4 runners');
  });
});
