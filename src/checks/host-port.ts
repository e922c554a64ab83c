/**
 * Addresses of targets: "host:port" apart, with Consul's words for what is wrong with them.
 */
export interface HostPort {
  readonly host: string;
  readonly port: number;
}

/** Host and port of "host:port" or "[v6]:port"; a text says what is wrong with it. Empty hosts mean this machine. */
export function splitHostPort(address: string): HostPort | { readonly fault: string } {
  const bracketed = /^\[([^\]]*)\]:(.*)$/u.exec(address);
  const colon = address.lastIndexOf(':');
  if (!bracketed && colon < 0) return { fault: `address ${address}: missing port in address` };
  const host = bracketed ? (bracketed[1] as string) : address.slice(0, colon);
  const portText = bracketed ? (bracketed[2] as string) : address.slice(colon + 1);
  if (!bracketed && host.includes(':')) return { fault: `address ${address}: too many colons in address` };
  const port = /^\d+$/u.test(portText) ? Number(portText) : Number.NaN;
  if (Number.isNaN(port)) return { fault: `lookup tcp/${portText}: unknown port` };
  if (port > 65_535) return { fault: `address ${portText}: invalid port` };
  return { host: host === '' ? '127.0.0.1' : host, port };
}
