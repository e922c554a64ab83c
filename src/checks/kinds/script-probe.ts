/**
 * Script checks: exit code 0 passes, 1 warns, everything else is critical, as do signals and the end of the time.
 *
 * The arguments are a program and its arguments; no shell is involved unless they name one. Whether such checks may be
 * registered at all is decided in local/scripts.ts; what a program gets to see, in program.ts.
 */
import { formatDuration } from '../../lib/duration.ts';
import type { CheckStatus } from '../../model/types.ts';
import type { Probe, ProbeLimits, ProbeResult } from '../check.ts';
import { type ProgramEnd, runProgram } from '../program.ts';

const STATUS: Readonly<Record<number, CheckStatus>> = { 0: 'passing', 1: 'warning' };

function resultOf(end: ProgramEnd, { timeoutMs }: ProbeLimits): ProbeResult {
  if (end.kind === 'exited') return { status: STATUS[end.code ?? -1] ?? 'critical', output: end.output };
  if (end.kind === 'not-started') return { status: 'critical', output: end.why };
  const said = end.output === '' ? '' : `\n\n${end.output}`;
  return { status: 'critical', output: `Timed out (${formatDuration(timeoutMs)}) running check${said}` };
}

/** A probe of kind script. */
export function scriptProbe(): Probe<'script'> {
  return async ({ args }, limits) => resultOf(await runProgram(args, limits), limits);
}
