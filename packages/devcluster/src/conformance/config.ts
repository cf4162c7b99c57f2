// Which cluster the conformance suite asks.
export interface ConformanceConfig {
  /** Path of a kubeconfig; undefined: the dev cluster in this process. */
  kubeconfig: string | undefined;
}

export const readConfig = (): ConformanceConfig => {
  const { MUSTER_TEST_KUBECONFIG: kubeconfig = '' } = process.env;
  return { kubeconfig: kubeconfig === '' ? undefined : kubeconfig };
};
