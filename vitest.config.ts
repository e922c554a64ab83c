/**
 * The test projects, from cheapest to dearest. `npx vitest run --project unit` runs one of them,
 * `npx vitest run test/unit/wire` one folder.
 */
import { defineConfig } from 'vitest/config';

/** A project is a folder of test/ with one time limit for each of its tests, in milliseconds. */
function project(name: string, testTimeoutMs: number, alone?: object) {
  return {
    extends: true as const,
    test: {
      name,
      include: [`test/${name}/**/*.test.ts`],
      testTimeout: testTimeoutMs,
      hookTimeout: testTimeoutMs,
      // What is awaited comes when a busy machine gets to it: the test's own limit is the one that counts.
      expect: { poll: { timeout: testTimeoutMs / 2 } },
      ...alone,
    },
  };
}

/** After the others and one file at a time: these tests measure times of real processes. */
const ALONE = { fileParallelism: false, maxWorkers: 1, sequence: { groupOrder: 1 } };

export default defineConfig({
  test: {
    environment: 'node',
    restoreMocks: true,
    passWithNoTests: false,
    projects: [
      project('unit', 5_000),
      project('contract', 20_000),
      project('architecture', 120_000),
      project('fuzz', 60_000),
      project('e2e', 60_000, ALONE),
      project('cluster', 300_000, ALONE),
    ],
  },
});
