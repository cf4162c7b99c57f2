export { create, readCrds } from './dev/apply.ts';
export { imageTable } from './dev/images.ts';
export { OPERATOR_NAMESPACE, operatorManifests, scaleSetManifests } from './dev/manifests.ts';
export type { Manifest, ScaleSetWish } from './dev/manifests.ts';
export { startWorld } from './dev/world.ts';
export type { ScaleSetPlace, World, WorldWish } from './dev/world.ts';
