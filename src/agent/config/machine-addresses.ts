/**
 * The addresses of this machine's interfaces, as address templates select from them.
 */
import fs from 'node:fs';
import os from 'node:os';

export interface InterfaceAddress {
  readonly name: string;
  readonly address: string;
  readonly family: 'IPv4' | 'IPv6';
  /** Length of the network's prefix. */
  readonly prefix: number;
  readonly isLoopback: boolean;
  /** On the interface of the default route. */
  readonly isDefault: boolean;
}

/** The interface of the IPv4 default route, where the system has a routing table to read. */
function defaultInterface(): string | undefined {
  try {
    const rows = fs.readFileSync('/proc/net/route', 'utf8').split('\n');
    return rows.map((row) => row.split('\t')).find(([, destination]) => destination === '00000000')?.[0];
  } catch {
    return undefined;
  }
}

/** Every address of every interface that is up. */
export function machineAddresses(): readonly InterfaceAddress[] {
  const all = Object.entries(os.networkInterfaces());
  const usable = all.find(([, list]) => list?.some(({ internal }) => !internal))?.[0];
  const chosen = defaultInterface() ?? usable;
  return all.flatMap(([name, list = []]) =>
    list.map(({ address, family, internal, cidr }) => ({
      name,
      address,
      family,
      prefix: Number(cidr?.split('/')[1] ?? 0),
      isLoopback: internal,
      isDefault: name === chosen,
    })),
  );
}
