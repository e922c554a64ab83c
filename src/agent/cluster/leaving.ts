/**
 * A server leaves for good: it hands leadership over, its node is removed from the catalog, then its member from etcd.
 *
 * Refused before anything is done when the remaining servers would have no majority. The only server of a cluster has
 * nobody to hand over to: its node is removed, and its etcd stays as it is. The others remove the member, because a
 * member that removes itself may never hear that it is done.
 */
import { AppError } from '../../model/errors.ts';
import type { RpcMethod } from '../../rpc/rpc-server.ts';
import type { Leave } from '../role.ts';
import { type HandOverParts, handOver } from './hand-over.ts';
import { type RemovalParts, requireRemovable, selectServer, takeOut } from './removal.ts';

export interface LeavingParts {
  readonly handOver: HandOverParts;
  readonly removal: RemovalParts;
  /** Tells the leader that this server is alive. */
  readonly reporter: { start(): void };
  /** The etcd that this server started; absent where it starts none. */
  readonly member: { isLeaving: boolean; retire(): Promise<void> } | undefined;
}

async function takeOutById(removal: RemovalParts, id: string): Promise<void> {
  const server = await selectServer(removal, { id });
  await requireRemovable(removal, server);
  await takeOut(removal, server);
}

/** RPC methods that leaving servers call on the leader. */
export function leavingMethods(
  { requireLead }: { readonly requireLead: () => void },
  removal: RemovalParts,
): Readonly<Record<string, RpcMethod>> {
  return {
    'take-out': async (request) => {
      requireLead();
      await takeOutById(removal, String((request as { id?: unknown }).id));
      return true;
    },
  };
}

/** The steps before and after the node is out of the catalog. */
export function leaving({ handOver: parts, removal, reporter, member }: LeavingParts): Leave {
  const { self, desk, candidate } = parts;
  const { roster } = removal;
  let isAlone = false;
  const askOut = (): Promise<unknown> =>
    desk.ask<unknown>({ method: 'take-out', request: { id: self.id } }, async () => {
      throw new AppError('conflict', 'this server has come to lead again: leave once more');
    });
  return {
    prepare: async () => {
      await roster.refresh();
      isAlone = roster.servers().length === 1;
      if (isAlone) return;
      await requireRemovable(removal, await selectServer(removal, { id: self.id }));
      if (candidate.standing.kind === 'leader') await handOver(parts, undefined);
    },
    finish: async () => {
      if (isAlone) return;
      if (member) member.isLeaving = true;
      try {
        await askOut();
      } catch (error) {
        if (member) member.isLeaving = false;
        reporter.start();
        throw error;
      }
      await member?.retire();
    },
  };
}
