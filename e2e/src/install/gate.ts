// Holds jobs in containers until a story lets them go: how fast the machine is today must not decide what is seen.
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { NODE } from '@muster/images';
import type { Ground } from './ground.ts';

export interface Gate {
  /** A workflow whose one job ends when the gate is open. */
  workflow: (runsOn: string) => string;
  open: () => void;
  close: () => Promise<void>;
}

const HELD = 503;

export async function startGate({ listen, host }: Ground): Promise<Gate> {
  const state = { isOpen: false };
  const server = createServer((_, answer) => answer.writeHead(state.isOpen ? 200 : HELD).end());
  await new Promise<void>((resolve) => {
    server.listen(0, listen, resolve);
  });
  const { port } = server.address() as AddressInfo;
  const ask = `fetch('http://${host}:${port}').then(({ ok }) => ok || setTimeout(ask, 500))`;
  return {
    workflow: (runsOn) => `
on: push
jobs:
  held:
    runs-on: ${runsOn}
    steps:
      - run: ${NODE} -e "const ask = () => ${ask}; ask()"
`,
    open: () => {
      state.isOpen = true;
    },
    close: () =>
      new Promise((resolve) => {
        server.close(() => {
          resolve();
        });
        server.closeAllConnections();
      }),
  };
}
