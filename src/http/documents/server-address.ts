/**
 * The address that a server is known by among servers.
 */
import type { HttpParts } from '../http-parts.ts';

/** `host:port`, an IPv6 host in brackets. */
export function serverAddress({ config }: Pick<HttpParts, 'config'>): string {
  const { advertiseAddress, ports } = config;
  const host = advertiseAddress.includes(':') ? `[${advertiseAddress}]` : advertiseAddress;
  return `${host}:${ports.server}`;
}
