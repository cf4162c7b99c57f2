// The dev cluster as the ground of the stories.
import { startDevCluster } from '../dev-cluster.ts';
import { IMAGES } from './images.ts';
import type { RunningGround } from './ground.ts';

export async function devGround(folder: string): Promise<RunningGround> {
  const { kubeconfig, stop } = await startDevCluster(folder, IMAGES);
  return {
    ground: {
      name: 'the dev cluster',
      kubeconfig,
      host: '127.0.0.1',
      listen: '127.0.0.1',
      images: IMAGES,
      isReal: false,
    },
    stop,
  };
}
