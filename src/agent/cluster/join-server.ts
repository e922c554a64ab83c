/**
 * Meeting another server because an operator asks for it: while this server looks for its cluster, that is how it finds
 * one; afterwards the other one has to belong to the same.
 */
import type { Meeting } from '../../cluster/meeting.ts';
import type { RpcAddress } from '../../rpc/rpc-connection.ts';

export interface JoinServerParts {
  readonly meeting: Pick<Meeting, 'meet'>;
  readonly datacenter: string;
  /** Of the cluster that this server is in; undefined while it is in none. */
  readonly token: () => string | undefined;
}

/** Resolves to why the server at an address was not joined, or undefined. Never rejects. */
export function joinServer({
  meeting,
  datacenter,
  token,
}: JoinServerParts): (address: RpcAddress) => Promise<string | undefined> {
  return async (address) => {
    const met = await meeting.meet(address);
    if (typeof met === 'string') return met;
    const own = token();
    const theirs = met.cluster?.token;
    if (met.datacenter !== datacenter)
      return `Member '${met.name}' part of wrong datacenter '${met.datacenter}'`;
    if (own !== undefined && theirs !== undefined && own !== theirs)
      return `${met.name} belongs to another cluster; two clusters do not become one`;
    return undefined;
  };
}
