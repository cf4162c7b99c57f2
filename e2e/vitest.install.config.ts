// The stories of `pnpm e2e`: on one cluster, one after the other.
import { defineConfig } from 'vitest/config';

export default defineConfig({
  test: {
    include: ['src/install/**/*.e2e.ts'],
    fileParallelism: false,
    testTimeout: 180_000,
    hookTimeout: 180_000,
    bail: 1,
  },
});
