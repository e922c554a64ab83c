/**
 * Renewing a session on any server: the leader keeps its timer, the others pass the renewal on.
 */
import { sessionById } from '../../catalog/session-lookup.ts';
import type { SessionTimers } from '../../catalog/session-timers.ts';
import type { State } from '../../catalog/state.ts';
import type { LeaderDesk } from '../../cluster/leader-desk.ts';
import type { SessionRow } from '../../model/types.ts';
import type { RpcMethod } from '../../rpc/rpc-server.ts';

function renewHere(sessionTimers: SessionTimers, state: State, id: string): boolean {
  const session = sessionById(state.view, id);
  if (session === undefined) return false;
  sessionTimers.renew(session);
  return true;
}

/** What the leader answers: whether it knows the session. */
export function renewMethods(
  desk: LeaderDesk,
  sessionTimers: SessionTimers,
  state: State,
): Readonly<Record<string, RpcMethod>> {
  return {
    'renew-session': async (request) => {
      desk.requireLead();
      return renewHere(sessionTimers, state, String((request as { id?: unknown }).id));
    },
  };
}

/** Renew a session wherever it was asked; false when the leader does not know it. Rejects with no_leader. */
export function renewAtLeader(
  desk: LeaderDesk,
  sessionTimers: SessionTimers,
  state: State,
): (session: SessionRow) => Promise<boolean> {
  return ({ id }) =>
    desk.ask({ method: 'renew-session', request: { id } }, async () => renewHere(sessionTimers, state, id));
}
