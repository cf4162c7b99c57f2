// `pnpm release:version TAG`: prints the version of a release, when the tag, the packages and the charts agree on it.
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import process from 'node:process';
import { fileURLToPath } from 'node:url';
import { parse } from 'yaml';
import { z } from 'zod';

const ROOT = fileURLToPath(new URL('../..', import.meta.url));
const CHARTS = ['gha-runner-scale-set-controller', 'gha-runner-scale-set'];

const packageShape = z.object({ version: z.string() });
const chartShape = z.object({ version: z.string(), appVersion: z.string() });

/** Whatever says a version, and the version that it says. */
async function versions(): Promise<[string, string][]> {
  const said = CHARTS.map(async (name): Promise<[string, string][]> => {
    const text = await readFile(join(ROOT, 'charts', name, 'Chart.yaml'), 'utf8');
    const { version, appVersion } = chartShape.parse(parse(text));
    return [
      [`the version of ${name}`, version],
      [`the appVersion of ${name}`, appVersion],
    ];
  });
  const root = packageShape.parse(JSON.parse(await readFile(join(ROOT, 'package.json'), 'utf8')));
  return [['package.json', root.version], ...(await Promise.all(said)).flat()];
}

const tag = process.argv[2] ?? '';
const wrong = (await versions()).filter(([, version]) => `v${version}` !== tag);
for (const [what, version] of wrong) {
  process.stderr.write(`the tag is ${tag}, and ${what} is ${version}\n`);
}
if (wrong.length > 0) process.exitCode = 1;
else process.stdout.write(`${tag.slice(1)}\n`);
