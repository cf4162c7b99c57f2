export { archive } from './archive.ts';
export type { Archive, ImageSpec } from './archive.ts';
export { buildBase, nodePackage } from './base.ts';
export { bundle } from './bundle.ts';
export { ARCHITECTURE, buildImage } from './image.ts';
export { librariesOf } from './libraries.ts';
export { NODE } from './programs.ts';
export { file, folder, program, treeOf } from './tree.ts';
export type { Entry, Tree } from './tree.ts';
