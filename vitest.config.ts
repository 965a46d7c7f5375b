import { defineConfig } from 'vitest/config';

/** Real servers need patience on a busy machine: limits are generous, and no test measures absolute time. */
export default defineConfig({
  test: {
    include: ['**/*.test.ts'],
    exclude: ['node_modules/**', 'dist/**', '.andon/**', '.tools/**'],
    pool: 'forks',
    maxWorkers: 2,
    testTimeout: 60_000,
    hookTimeout: 120_000,
    teardownTimeout: 60_000,
  },
});
