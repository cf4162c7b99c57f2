// A cluster on which Helm installs our charts: the dev cluster with its node, or the one that MUSTER_TEST_KUBECONFIG names,
// of which no node is asked.
import { mkdtemp, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { startDevCluster } from '../dev-cluster.ts';
import { findProgram } from '../programs.ts';
import { HOST_ENV, PARENT } from '../stories/config.ts';
import { GIVEN_KUBECONFIG } from './config.ts';
import { CHARTS, CONTROLLER } from './helm.ts';
import { runTool } from './tool.ts';

type Tool = (args: readonly string[], input?: string) => Promise<string>;

export interface Ground {
  kubeconfig: string;
  /** A folder of its own. */
  desk: string;
  helm: Tool;
  kubectl: Tool;
  /** Makes the definitions of our kinds where they are not there: others may be at work on them in the same cluster. */
  makeKinds: () => Promise<void>;
  stop: () => Promise<void>;
}

const found = { helm: await findProgram('helm'), kubectl: await findProgram('kubectl') };

/** Whether this machine has what a ground needs. */
export const hasTools = found.helm !== undefined && found.kubectl !== undefined;

export async function enterGround(): Promise<Ground> {
  const desk = await mkdtemp(join(PARENT, 'muster-charts-'));
  try {
    const { kubeconfig, stop } = await clusterFor(desk);
    const env = { ...HOST_ENV, HOME: desk, KUBECONFIG: kubeconfig };
    const tool =
      (program = ''): Tool =>
      (args, input) =>
        runTool(program, args, { env, cwd: desk, ...(input !== undefined && { input }) });
    return {
      kubeconfig,
      desk,
      helm: tool(found.helm),
      kubectl: tool(found.kubectl),
      makeKinds: () => makeKinds(tool(found.kubectl)),
      stop: async () => {
        await stop();
        await rm(desk, { recursive: true, force: true });
      },
    };
  } catch (error) {
    await rm(desk, { recursive: true, force: true });
    throw error;
  }
}

async function makeKinds(kubectl: Tool): Promise<void> {
  const definitions = join(CHARTS, CONTROLLER, 'crds');
  await kubectl(['create', '-f', definitions]).catch((error: unknown) => {
    if (!String(error).includes('already exists')) throw error;
  });
  await kubectl(['wait', '--for=condition=Established', '-f', definitions, '--timeout=30s']);
}

async function clusterFor(desk: string): Promise<Pick<Ground, 'kubeconfig' | 'stop'>> {
  if (GIVEN_KUBECONFIG !== undefined) {
    return { kubeconfig: GIVEN_KUBECONFIG, stop: () => Promise.resolve() };
  }
  return startDevCluster(desk);
}
