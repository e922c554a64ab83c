/**
 * Checks of a service of the operating system: passing while systemd calls the unit active, critical otherwise, also
 * where there is no systemd. Consul documents it for systemd and answers "not implemented" there.
 */
import type { Probe, ProbeResult } from '../check.ts';
import { runProgram } from '../program.ts';

const critical = (output: string): ProbeResult => ({ status: 'critical', output });

/** A probe of kind os-service. `systemctl` is the program to ask. */
export function osServiceProbe(systemctl = 'systemctl'): Probe<'os-service'> {
  return async ({ service }, limits) => {
    const end = await runProgram([systemctl, 'is-active', '--', service], limits);
    if (end.kind === 'not-started') return critical(`Service ${service} cannot be looked up: ${end.why}`);
    if (end.kind === 'timed-out') return critical(`Service ${service} cannot be looked up: timed out`);
    const state = end.output.trim();
    if (end.code === 0) return { status: 'passing', output: `Service ${service} is ${state}` };
    return critical(`Service ${service} is not running: ${state}`);
  };
}
