/**
 * Everything that `npm test` checks, one step after the other; a failed step does not hide the next one.
 *
 * `npm test -- types vitest` runs those steps only. The last line counts every claim: each vitest test and each
 * conformance scenario is one, and so is each static check. The exit status is 1 when one of them failed.
 */
import { spawnSync } from 'node:child_process';
import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { fileURLToPath } from 'node:url';

interface Counts {
  passed: number;
  failed: number;
  skipped: number;
}

interface Step {
  readonly name: string;
  readonly claim: string;
  /** Program of node_modules/.bin or `node`, and its arguments. */
  readonly command: readonly string[];
  /** Reads what the program counted from the file it was given; without it the step is one claim. */
  readonly count?: (reportFile: string) => Counts;
}

const root = fileURLToPath(new URL('..', import.meta.url));
const reportDir = fs.mkdtempSync(path.join(os.tmpdir(), 'rollcall-test-'));
const reportOf = (name: string): string => path.join(reportDir, `${name}.json`);

const STEPS: readonly Step[] = [
  {
    name: 'style',
    claim: 'format and lint',
    command: ['biome', 'check', '--error-on-warnings', '.'],
  },
  { name: 'types', claim: 'the compiler agrees', command: ['tsc', '--noEmit'] },
  { name: 'types-ui', claim: 'the compiler agrees with the page', command: ['tsc', '--noEmit', '-p', 'ui'] },
  {
    name: 'promises',
    claim: 'no promise is lost',
    command: ['oxlint', '--type-aware', '--deny-warnings'],
  },
  {
    name: 'dead',
    claim: 'nothing exported, declared or installed in vain',
    command: ['knip', '--treat-config-hints-as-errors'],
  },
  {
    name: 'soak',
    claim: 'memory, series and the write-ahead log stay level for 20 s of everything',
    command: ['node', 'bench/attack/soak.ts', 'short'],
  },
  {
    name: 'vitest',
    claim: 'unit, contract, architecture, fuzz and end-to-end tests',
    command: [
      'vitest',
      'run',
      '--reporter=default',
      '--reporter=json',
      `--outputFile.json=${reportOf('vitest')}`,
    ],
    count: countVitest,
  },
  {
    name: 'conformance',
    claim: 'answers as recorded from Consul',
    command: ['node', 'test/conformance/verify.mjs', '--json', reportOf('conformance')],
    count: countConformance,
  },
];

function countVitest(reportFile: string): Counts {
  const report = JSON.parse(fs.readFileSync(reportFile, 'utf8')) as Record<string, number>;
  return {
    passed: report['numPassedTests'] ?? 0,
    failed: report['numFailedTests'] ?? 0,
    skipped: (report['numPendingTests'] ?? 0) + (report['numTodoTests'] ?? 0),
  };
}

function countConformance(reportFile: string): Counts {
  const report = JSON.parse(fs.readFileSync(reportFile, 'utf8')) as Record<string, number>;
  return { passed: report['passed'] ?? 0, failed: report['failed'] ?? 0, skipped: report['waiting'] ?? 0 };
}

/** A program that fails fails the step, whatever it counted: a file that cannot be loaded counts no test. */
function countStep(step: Step, succeeded: boolean): Counts {
  const reportFile = reportOf(step.name);
  const counted =
    step.count !== undefined && fs.existsSync(reportFile)
      ? step.count(reportFile)
      : { passed: succeeded && step.count === undefined ? 1 : 0, failed: 0, skipped: 0 };
  const isSilent = succeeded && counted.passed === 0;
  return {
    ...counted,
    failed: (!succeeded || isSilent) && counted.failed === 0 ? 1 : counted.failed,
  };
}

function runStep(step: Step): Counts {
  console.log(`\n=== ${step.name}: ${step.claim}\n    ${step.command.join(' ')}`);
  const [program = '', ...args] = step.command;
  const startedMs = performance.now();
  const result = spawnSync(program, args, {
    cwd: root,
    stdio: ['ignore', 'inherit', 'inherit'],
    env: { ...process.env, PATH: `${path.join(root, 'node_modules', '.bin')}:${process.env['PATH'] ?? ''}` },
  });
  if (result.error) console.log(`cannot run ${program}: ${result.error.message}`);
  const counts = countStep(step, result.status === 0);
  const seconds = ((performance.now() - startedMs) / 1_000).toFixed(1);
  console.log(`=== ${step.name}: ${counts.failed === 0 ? 'ok' : 'FAILED'} after ${seconds} s`);
  return counts;
}

function main(wanted: readonly string[]): number {
  const unknown = wanted.filter((name) => !STEPS.some((step) => step.name === name));
  if (unknown.length > 0) {
    console.error(`no step ${unknown.join(', ')}; there are ${STEPS.map((step) => step.name).join(', ')}`);
    return 2;
  }
  const steps = STEPS.filter((step) => wanted.length === 0 || wanted.includes(step.name));
  const results = steps.map((step) => ({ step, counts: runStep(step) }));
  fs.rmSync(reportDir, { recursive: true });
  console.log('');
  for (const { step, counts } of results) {
    const skipped = counts.skipped > 0 ? `, ${counts.skipped} skipped` : '';
    console.log(`${step.name.padEnd(12)} ${counts.passed} passed, ${counts.failed} failed${skipped}`);
  }
  const sum = (field: keyof Counts): number =>
    results.reduce((total, { counts }) => total + counts[field], 0);
  console.log(`${sum('passed')} passed, ${sum('failed')} failed`);
  return sum('failed') === 0 ? 0 : 1;
}

process.exitCode = main(process.argv.slice(2));
