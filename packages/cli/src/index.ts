export { OPERATOR_NAMESPACE } from './dev/manifests.ts';
export { startWorld } from './dev/world.ts';
export type { ScaleSetPlace, World, WorldWish } from './dev/world.ts';
