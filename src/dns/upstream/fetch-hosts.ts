/**
 * Addresses of host names elsewhere, asked from the recursors all at once; a name that has none, or that nobody answers
 * for, has no records. Never rejects.
 */
import type { DnsConfig } from '../dns-config.ts';
import { type FetchedHosts, hostKey, type WantedHost } from '../hosts.ts';
import type { Upstream } from './recurse.ts';

/** Host names asked for one query; others have no addresses. */
const MAX_HOSTS = 8;

/** Ask for each host once. */
export async function fetchHosts(
  wanted: readonly WantedHost[],
  upstream: Upstream,
  config: DnsConfig,
): Promise<FetchedHosts> {
  const distinct = new Map(wanted.map((each) => [hostKey(each.host, each.qtype), each]));
  const asked = [...distinct].slice(0, MAX_HOSTS).map(async ([key, { host, qtype }]) => {
    const records = await upstream.addressesOf(host, qtype, config);
    return [key, records] as const;
  });
  return new Map(await Promise.all(asked));
}
