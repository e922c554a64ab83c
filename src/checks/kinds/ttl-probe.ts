/**
 * TTL checks: nobody is asked, a client reports; this is what is said when it stops reporting.
 */
const EXPIRED = 'TTL expired';

/** The output of a check whose time ran out, with the client's last words. */
export function expiredOutput(lastOutput: string): string {
  // A check that was registered again after its time ran out would otherwise quote itself.
  if (lastOutput.startsWith(EXPIRED)) return lastOutput;
  return lastOutput === '' ? EXPIRED : `${EXPIRED} (last output before timeout follows): ${lastOutput}`;
}
