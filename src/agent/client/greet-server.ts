/**
 * Asks whether there is a server of this datacenter at an address, without attending it.
 */
import type { ServerConnection } from '../../cluster/server-link.ts';
import type { RpcAddress } from '../../rpc/rpc-connection.ts';

/** Time in ms for a server to say who it is. */
const GREET_MS = 2_000;

/** Resolves to why there is none, or undefined. Never rejects. */
export async function greetServer(
  connect: (address: RpcAddress) => ServerConnection,
  datacenter: string,
  address: RpcAddress,
): Promise<string | undefined> {
  const connection = connect(address);
  const end = await connection.call('greet', {}, { timeoutMs: GREET_MS });
  connection.close();
  if (end.kind === 'refused') return end.error.message;
  if (end.kind !== 'answered') return end.why;
  const { server, datacenter: theirs } = (end.value ?? {}) as { server?: unknown; datacenter?: unknown };
  if (theirs === datacenter) return undefined;
  return `Member '${String(server)}' part of wrong datacenter '${String(theirs)}'`;
}
