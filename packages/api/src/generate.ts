// Writes what is generated from the schemas. `pnpm generate`; CI fails when a file differs.
import { writeFile } from 'node:fs/promises';
import { stringify } from 'yaml';
import { crdFileName, customResourceDefinitions } from './crd.ts';

const CRDS = new URL('../../../charts/gha-runner-scale-set-controller/crds/', import.meta.url);

for (const definition of customResourceDefinitions()) {
  // The dashes part the files where `helm show crds` puts them behind each other.
  await writeFile(new URL(crdFileName(definition), CRDS), `---\n${stringify(definition)}`);
}
