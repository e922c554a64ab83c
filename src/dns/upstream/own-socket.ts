/**
 * Whether an upstream server is this agent itself: asking it would go round for ever.
 */
import os from 'node:os';
import type { Recursor } from '../dns-config.ts';

function localAddresses(): ReadonlySet<string> {
  const all = Object.values(os.networkInterfaces()).flatMap((list) => list ?? []);
  return new Set(all.map(({ address }) => address));
}

/** A test for recursors that are sockets of ours: `port()` at one of `addresses`, which may be wildcards. */
export function ownSocketTest(
  addresses: readonly string[],
  port: () => number,
): (recursor: Recursor) => boolean {
  const isWildcard = addresses.includes('0.0.0.0') || addresses.includes('::');
  return (recursor) => {
    if (recursor.port !== port()) return false;
    if (addresses.includes(recursor.address)) return true;
    return isWildcard && (recursor.address.startsWith('127.') || localAddresses().has(recursor.address));
  };
}
