import { defineConfig } from 'vitest/config';
import { BaseSequencer, type TestSpecification } from 'vitest/node';

/** Whole drills in a whole lab, longest first: everything else fits in beside them. */
const longest = [
  'cli/killed-runner.test.ts',
  'cli/losing-plant.test.ts',
  'cli/healthy-lab.test.ts',
  'cli/repeating-plant.test.ts',
  'cli/small-pool.test.ts',
  'cli/forgetful-line.test.ts',
  'cli/dependent-plant.test.ts',
];

class LongestFirst extends BaseSequencer {
  override async sort(files: TestSpecification[]): Promise<TestSpecification[]> {
    const rank = ({ moduleId }: TestSpecification) => {
      const index = longest.findIndex((file) => moduleId.endsWith(file));
      return index === -1 ? longest.length : index;
    };
    return files.toSorted((a, b) => rank(a) - rank(b));
  }
}

/**
 * Real servers need patience on a busy machine: limits are generous, and no test measures absolute time. Two at once: each
 * file has servers of its own beside it, and leases of seconds must not starve on two processors.
 */
export default defineConfig({
  test: {
    include: ['**/*.test.ts'],
    exclude: ['node_modules/**', 'dist/**', '.andon/**', '.tools/**'],
    pool: 'forks',
    maxWorkers: 2,
    sequence: { sequencer: LongestFirst },
    testTimeout: 60_000,
    hookTimeout: 120_000,
    teardownTimeout: 60_000,
  },
});
