// Stock kubectl, on machines that have one.
import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import { HOST_ENV } from './config.ts';

const run = promisify(execFile);

/** Answers with what it prints; throws with its complaint when it fails. */
export type Kubectl = (...args: string[]) => Promise<string>;

/** Its cache and all else that it writes goes to the desk. */
export const kubectlOf =
  (program: string, { kubeconfig, desk }: { kubeconfig: string; desk: string }): Kubectl =>
  async (...args) => {
    const env = { ...HOST_ENV, HOME: desk, KUBECONFIG: kubeconfig };
    return (await run(program, args, { cwd: desk, env })).stdout;
  };
