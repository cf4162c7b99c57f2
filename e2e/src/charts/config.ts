// Which cluster the charts are tried on.
const { MUSTER_TEST_KUBECONFIG = '' } = process.env;

/** Of any cluster, of which no node is asked; when undefined, a dev cluster with a node is started. */
export const GIVEN_KUBECONFIG = MUSTER_TEST_KUBECONFIG === '' ? undefined : MUSTER_TEST_KUBECONFIG;
