/**
 * Removes servers from the cluster: one that an operator names, one that leaves, dead ones that others have replaced.
 *
 * etcd decides, so any server can do it; a removal that would cost the others their majority is refused
 * (store/etcd/cluster-plan.ts). A server that has only stopped is not removed: it comes back by itself.
 */
import type { ServerSelector } from '../../http/cluster-port.ts';
import { type Clock, sleep } from '../../lib/clock.ts';
import type { Logger } from '../../lib/logger.ts';
import type { ClusterServer } from '../../model/cluster-health.ts';
import { AppError, refuse } from '../../model/errors.ts';
import { type Membership, planRemoval } from '../../store/etcd/cluster-plan.ts';
import type { EtcdClient } from '../../store/etcd/etcd-client.ts';
import type { EtcdDirectory } from '../../store/etcd/etcd-directory.ts';
import { selectorText } from '../single-server.ts';
import { memberServerId, type Roster } from './roster.ts';

/** etcd changes no members for some seconds after one of them came up. */
const REFUSED_FOR_MS = 8_000;
const RETRY_MS = 500;

export interface RemovalParts {
  readonly client: EtcdClient;
  readonly directory: EtcdDirectory;
  readonly roster: Roster;
  /** Absent for an etcd that is there already: its members are not our servers. */
  readonly membership: (() => Promise<Membership>) | undefined;
  readonly clock: Clock;
  readonly log: Logger;
}

/** The server that is meant. Throws invalid_command when there is none. */
export async function selectServer({ roster }: RemovalParts, which: ServerSelector): Promise<ClusterServer> {
  await roster.refresh();
  const isMeant = ({ id, address }: ClusterServer): boolean =>
    'id' in which ? id === which.id : address === which.address;
  const found = roster.servers().find(isMeant);
  return found ?? refuse('invalid_command', `${selectorText(which)} was not found in the Raft configuration`);
}

/** Throws invalid_command when the others would have no majority without it. */
export async function requireRemovable({ membership }: RemovalParts, server: ClusterServer): Promise<void> {
  if (membership === undefined) return;
  const now = await membership();
  const member = now.members.find((one) => memberServerId(one) === server.id);
  if (member === undefined) return;
  const plan = planRemoval(now, member.id);
  if (plan.kind === 'refuse') refuse('invalid_command', `${server.name} cannot be removed: ${plan.why}`);
}

async function removeMember({ client, roster, clock }: RemovalParts, serverId: string): Promise<void> {
  const deadlineMs = clock.monotonic() + REFUSED_FOR_MS;
  for (;;) {
    const member = (await roster.refresh()).find((one) => memberServerId(one) === serverId);
    if (member === undefined) return;
    const answer = await client.removeMember(member.id);
    if (answer.kind === 'done') return;
    if (clock.monotonic() >= deadlineMs)
      throw new AppError('store_failed', `the server could not be removed: ${answer.text}`);
    await sleep(clock, RETRY_MS);
  }
}

/** Remove it; `requireRemovable` was asked before. Rejects with store_failed when etcd does not do it. */
export async function takeOut(parts: RemovalParts, { id, name }: ClusterServer): Promise<void> {
  if (parts.membership !== undefined) await removeMember(parts, id);
  const answer = await parts.directory.remove(id);
  if (answer.kind !== 'done')
    throw new AppError('store_failed', `the server is still on the list of servers: ${answer.text}`);
  await parts.roster.refresh();
  parts.log.info({ server: name, id }, 'a server was taken out of the cluster');
}
