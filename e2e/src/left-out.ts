// Tells after the tests which of them this machine could not run, and what they need.
import { findProgram } from './programs.ts';

const STRONGER = [
  { program: 'helm', tests: 'the charts as Helm renders them, and the commands of docs/' },
  { program: 'kubectl', tests: 'stock kubectl against what `demo --keep` leaves' },
];

const missing: string[] = [];
for (const { program, tests } of STRONGER) {
  if ((await findProgram(program)) === undefined) {
    missing.push(`${tests}: needs ${program} on PATH`);
  }
}
const leftOut = [
  ...missing,
  'charts and image on a cluster: `npx -y pnpm@12 e2e` (see e2e/README.md)',
  'the same rules on a real API server: `npx -y pnpm@12 run conformance` (see CONTRIBUTING.md)',
];
process.stdout.write(`\nLeft out here:\n${leftOut.map((line) => `  - ${line}\n`).join('')}`);
