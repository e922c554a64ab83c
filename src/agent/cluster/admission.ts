/**
 * Adds servers to the cluster of etcd when they ask: as learners first, as voters once they have caught up.
 *
 * Any server can add another, because etcd decides. Making voters is the leader's work, once a second.
 */
import type { ServerDirectory } from '../../catalog/leader-lock.ts';
import type { Peers } from '../../cluster/peers.ts';
import { type Clock, sleep } from '../../lib/clock.ts';
import type { Logger } from '../../lib/logger.ts';
import { hasFields, isText } from '../../lib/shape.ts';
import { AppError } from '../../model/errors.ts';
import type { RpcMethod } from '../../rpc/rpc-server.ts';
import {
  type FirstMembers,
  type Founder,
  joiningCluster,
  type Membership,
  planJoin,
} from '../../store/etcd/cluster-plan.ts';
import type { EtcdClient } from '../../store/etcd/etcd-client.ts';
import type { Answer } from '../../store/etcd/etcd-fault.ts';
import type { TermWork } from '../term.ts';

export interface AdmissionParts {
  readonly selfId: string;
  readonly client: EtcdClient;
  readonly directory: ServerDirectory;
  readonly peers: Peers;
  /** First members of the cluster that this server belongs to; undefined while it belongs to none. */
  readonly first: () => FirstMembers | undefined;
  readonly clock: Clock;
  readonly log: Logger;
}

const PING_TIMEOUT_MS = 1_000;
const PROMOTE_EVERY_MS = 1_000;

const isFounder = hasFields<Founder>({ id: isText, peerUrl: isText });

function doneOf<Reply>(answer: Answer<Reply>, what: string): Reply {
  if (answer.kind === 'done') return answer.reply;
  throw new AppError('store_failed', `${what}: ${answer.text}`);
}

/** The members of etcd, and which of them are up: those whose servers answer. Rejects when etcd does not answer. */
export async function membershipNow(
  parts: Pick<AdmissionParts, 'selfId' | 'client' | 'directory' | 'peers'>,
): Promise<Membership> {
  const { selfId, client, directory, peers } = parts;
  const members = doneOf(await client.members(), 'the members of etcd are not known');
  const isUp = async (name: string): Promise<boolean> => {
    if (name === selfId) return true;
    const server = directory.servers.get(name);
    if (server === undefined) return false;
    const end = await peers.call(server, 'ping', {}, { timeoutMs: PING_TIMEOUT_MS });
    return end.kind === 'answered' && end.value === true;
  };
  const up = await Promise.all(members.map(({ name }) => isUp(name)));
  return { members, healthy: new Set(members.filter((_member, i) => up[i]).map(({ id }) => id)) };
}

/** RPC methods by which other servers ask to be added. */
export function admissionMethods(parts: AdmissionParts): Readonly<Record<string, RpcMethod>> {
  const { client, first, log } = parts;
  return {
    /** Whether this server's etcd answers for itself. */
    ping: async () => (await client.range({ key: Buffer.from('/'), isSerializable: true })).kind === 'done',
    admit: async (request) => {
      const fault = isFounder(request, 'request');
      if (fault !== undefined) throw new AppError('bad_request', fault);
      const cluster = first();
      if (cluster === undefined) throw new AppError('no_leader', 'this server is in no cluster yet');
      const founder = request as Founder;
      const membership = await membershipNow(parts);
      const plan = planJoin(membership, founder);
      if (plan.kind === 'refuse') throw new AppError('conflict', plan.why);
      if (plan.kind === 'replace')
        doneOf(await client.removeMember(plan.id), 'its place of before could not be given up');
      if (plan.kind !== 'start') {
        doneOf(await client.addMember([founder.peerUrl], true), 'it could not be added');
        log.info({ server: founder.id, peer: founder.peerUrl }, 'a server was added and catches up');
      }
      const members = doneOf(await client.members(), 'the members of etcd are not known');
      return { initialCluster: joiningCluster(members, founder), first: cluster };
    },
  };
}

/** The leader's part: makes learners voters once they have caught up. */
export function promoter({ client, clock, log }: AdmissionParts): TermWork {
  let term: AbortController | undefined;
  const look = async (): Promise<void> => {
    const members = await client.members();
    if (members.kind !== 'done') return;
    for (const { id, name } of members.reply.filter(({ isLearner }) => isLearner)) {
      // etcd refuses while the learner lags; the next look tries again.
      if ((await client.promoteMember(id)).kind === 'done')
        log.info({ server: name }, 'a server that was added has caught up and votes from now on');
    }
  };
  const repeat = async (signal: AbortSignal): Promise<void> => {
    for (;;) {
      await sleep(clock, PROMOTE_EVERY_MS);
      if (signal.aborted) return;
      await look();
    }
  };
  return {
    begin: () => {
      term = new AbortController();
      void repeat(term.signal);
    },
    end: () => term?.abort(),
  };
}
