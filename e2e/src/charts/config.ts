// Which cluster the charts are tried on.
const { MUSTER_TEST_KUBECONFIG = '' } = process.env;

/** The kubeconfig of a real one; a dev cluster when undefined. */
export const REAL_KUBECONFIG = MUSTER_TEST_KUBECONFIG === '' ? undefined : MUSTER_TEST_KUBECONFIG;
