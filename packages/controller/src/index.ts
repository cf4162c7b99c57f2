export { parseConfig } from './config.ts';
export type { Config } from './config.ts';
export { createController } from './controller.ts';
export type { Controller, ControllerOptions } from './controller.ts';
