// Which cluster this package's contract tests ask.

/** Path of a kubeconfig; undefined: the dev cluster in this process. */
export function testKubeconfig(): string | undefined {
  const { MUSTER_TEST_KUBECONFIG: path = '' } = process.env;
  return path === '' ? undefined : path;
}
