/**
 * Transfer of leadership in good order: the other servers hold back, the leader gives up the lock, and the chosen one
 * takes it. Where the leader's member leads etcd too, that moves along, because both are wanted away from a machine.
 */
import type { ServerDirectory, ServerRecord } from '../../catalog/leader-lock.ts';
import type { Candidate } from '../../cluster/candidate.ts';
import type { LeaderDesk } from '../../cluster/leader-desk.ts';
import type { Peers } from '../../cluster/peers.ts';
import type { Clock } from '../../lib/clock.ts';
import type { Logger } from '../../lib/logger.ts';
import type { ClusterHealth, ServerHealth } from '../../model/cluster-health.ts';
import { refuse } from '../../model/errors.ts';
import type { RpcMethod } from '../../rpc/rpc-server.ts';
import type { EtcdClient } from '../../store/etcd/etcd-client.ts';

/** For this long the others leave the lock to the chosen one. */
const HOLD_BACK_MS = 2_000;
const CALL_TIMEOUT_MS = 1_000;
const TAKEN_TIMEOUT_MS = 5_000;

export interface HandOverParts {
  readonly self: ServerRecord;
  readonly candidate: Candidate;
  readonly desk: LeaderDesk;
  readonly peers: Peers;
  readonly directory: ServerDirectory;
  /** The etcd that this server started, to move its leadership along; absent where it starts none. */
  readonly member: { readonly client: EtcdClient; readonly url: string } | undefined;
  readonly health: () => Promise<ClusterHealth>;
  readonly clock: Clock;
  readonly log: Logger;
}

/** Who is to lead. Throws invalid_command when there is nobody who can. */
function chooseSuccessor({ servers }: ClusterHealth, toId: string | undefined): ServerHealth {
  if (toId !== undefined) {
    const asked = servers.find(({ id }) => id === toId);
    if (asked === undefined)
      refuse('invalid_command', `id ${JSON.stringify(toId)} was not found in the Raft configuration`);
    if (!asked.isVoter || !asked.isHealthy)
      refuse('invalid_command', `cannot transfer leadership: ${asked.name} is not well`);
    return asked;
  }
  const able = servers.filter(({ isLeader, isVoter, isHealthy }) => !isLeader && isVoter && isHealthy);
  const [best] = able.toSorted((one, other) => other.index - one.index);
  return best ?? refuse('invalid_command', 'cannot transfer leadership: no other server is well');
}

async function moveEtcd({ member, log }: HandOverParts, toId: string): Promise<void> {
  if (member === undefined) return;
  const { client, url } = member;
  const [status, members] = await Promise.all([client.statusOf(url), client.members()]);
  if (status.kind !== 'done' || members.kind !== 'done') return;
  const target = members.reply.find(({ name }) => name === toId);
  const isLeader = status.reply.leader === status.reply.header?.memberId;
  if (target === undefined || target.isLearner || !isLeader) return;
  const moved = await client.moveLeader(url, target.id);
  if (moved.kind !== 'done') log.warn({ why: moved.text }, "etcd's own leadership could not be handed over");
}

/** The leader's part. Resolves when the other one leads. */
async function handOverHere(parts: HandOverParts, toId: string): Promise<void> {
  const { self, candidate, directory, peers, clock, log } = parts;
  if (toId === self.id) return;
  const others = [...directory.servers.values()].filter(({ id }) => id !== self.id);
  await Promise.all(
    others.map((one) => {
      const ms = one.id === toId ? 0 : HOLD_BACK_MS;
      return peers.call(one, 'hold-back', { ms }, { timeoutMs: CALL_TIMEOUT_MS });
    }),
  );
  await moveEtcd(parts, toId);
  log.info({ to: directory.servers.get(toId)?.name ?? toId }, 'leadership is handed over');
  await candidate.resign(HOLD_BACK_MS);
  const deadlineMs = clock.monotonic() + TAKEN_TIMEOUT_MS;
  for (;;) {
    const { standing } = candidate;
    if (standing.kind === 'follower') {
      if (standing.leader.id === toId) return;
      return refuse('invalid_command', `leadership was taken by ${standing.leader.name} instead`);
    }
    const leftMs = deadlineMs - clock.monotonic();
    if (leftMs <= 0) return refuse('no_leader', 'leadership was given up, but nobody has taken it yet');
    await candidate.changed(leftMs);
  }
}

/** Transfer leadership to the server that is named, or to any that is healthy. Works on every server. */
export async function handOver(parts: HandOverParts, toId: string | undefined): Promise<void> {
  const { id: to } = chooseSuccessor(await parts.health(), toId);
  await parts.desk.ask({ method: 'hand-over', request: { to } }, async () => handOverHere(parts, to));
}

/** RPC methods of a transfer. */
export function handOverMethods(parts: HandOverParts): Readonly<Record<string, RpcMethod>> {
  const { desk, candidate } = parts;
  return {
    'hand-over': async (request) => {
      desk.requireLead();
      await handOverHere(parts, String((request as { to?: unknown }).to));
      return true;
    },
    'hold-back': async (request) => {
      candidate.holdBack((request as { ms?: unknown }).ms === 0 ? 0 : HOLD_BACK_MS);
      return true;
    },
  };
}
