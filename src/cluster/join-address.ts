/**
 * Where other agents can be joined, from what operators write: `10.0.0.1`, `10.0.0.1:8300`, `[fd00::1]:8300`,
 * `host.name`.
 *
 * A host name may have many addresses, and all of them count. The port is `ports.server`. Configurations for Consul
 * name the port of gossip, on which nothing listens here, so that one is taken to mean the same. Strings of cloud
 * providers (`provider=aws …`) are refused, not resolved.
 */
import dns from 'node:dns/promises';
import { isIP } from 'node:net';
import type { RpcAddress } from '../rpc/rpc-connection.ts';

export interface JoinPorts {
  /** `ports.server` and `ports.serf_lan` of this agent; the others use the same. */
  readonly server: number;
  readonly serfLan: number;
}

const WITH_PORT = /^(?:\[([^\]]+)\]|([^:\s]+)):(\d{1,5})$/;
const HOST = /^[^\s:/=]+$/;
const MAX_PORT = 65_535;

/** The host, not resolved yet, and the port; or what is wrong with the text. */
export function parseJoinAddress(
  text: string,
  { server, serfLan }: JoinPorts,
): RpcAddress | { readonly fault: string } {
  const trimmed = text.trim();
  if (/\bprovider=/.test(trimmed))
    return {
      fault: `${JSON.stringify(text)}: lists of cloud providers are not asked; name addresses, or a host name that has them all`,
    };
  if (isIP(trimmed) !== 0) return { host: trimmed, port: server };
  const [, bracketed, plain, digits] = WITH_PORT.exec(trimmed) ?? [];
  const host = bracketed ?? plain ?? trimmed;
  const given = digits === undefined ? server : Number(digits);
  const isHost = bracketed === undefined ? HOST.test(host) : isIP(bracketed) === 6;
  if (!isHost || given < 1 || given > MAX_PORT)
    return {
      fault: `${JSON.stringify(text)} is no address; write 10.0.0.1, 10.0.0.1:${server}, [fd00::1]:${server} or a host name`,
    };
  return { host, port: given === serfLan ? server : given };
}

/** All addresses of a host; [] when it has none now. Never rejects. */
export async function resolveJoinAddress({ host, port }: RpcAddress): Promise<readonly RpcAddress[]> {
  if (isIP(host) !== 0) return [{ host, port }];
  try {
    const found = await dns.lookup(host, { all: true });
    return found.map(({ address }) => ({ host: address, port }));
  } catch {
    return [];
  }
}
