/**
 * An address and a port as one text, the way URLs and Consul write it.
 *
 * No name is looked up and nothing is checked: what is given is put together.
 */

/** `host:port`, an IPv6 host in brackets. */
export function addressText(host: string, port: number | string): string {
  return host.includes(':') ? `[${host}]:${port}` : `${host}:${port}`;
}
