// Which cluster the conformance suite asks, and where stock programs are.
import { existsSync } from 'node:fs';
import { homedir } from 'node:os';
import { delimiter, join } from 'node:path';

export interface ConformanceConfig {
  /** Path of a kubeconfig; undefined: the dev cluster in this process. */
  kubeconfig: string | undefined;
}

export const readConfig = (): ConformanceConfig => {
  const { MUSTER_TEST_KUBECONFIG: kubeconfig = '' } = process.env;
  return { kubeconfig: kubeconfig === '' ? undefined : kubeconfig };
};

/** The path of a program that a machine may lack: on PATH, or among those of the local cluster. */
export function findProgram(name: string): string | undefined {
  const { PATH = '', MUSTER_CLUSTER_HOME: home = join(homedir(), '.cache', 'muster-cluster') } =
    process.env;
  return [...PATH.split(delimiter), join(home, 'bin')]
    .map((folder) => join(folder, name))
    .find((path) => existsSync(path));
}
