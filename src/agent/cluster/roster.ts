/**
 * Who belongs to the cluster, from memory: the servers of the directory, which of them vote, and members of etcd that no
 * server has spoken for (added and never started, or left behind).
 */
import type { ServerDirectory } from '../../catalog/leader-lock.ts';
import { addressText } from '../../lib/address-text.ts';
import { type Clock, sleep } from '../../lib/clock.ts';
import type { ClusterServer } from '../../model/cluster-health.ts';
import type { EtcdClient } from '../../store/etcd/etcd-client.ts';
import type { EtcdMember } from '../../store/etcd/etcd-messages.ts';

const REFRESH_MS = 2_000;
/** Name of a server of which only the address is known, as Consul shows it. */
const UNKNOWN_NAME = '(unknown)';

export interface RosterParts {
  /** Absent for an etcd that is there already: its members are not our servers. */
  readonly client: Pick<EtcdClient, 'members'> | undefined;
  readonly directory: ServerDirectory;
  /** `ports.server`, for members of which nothing else is known. */
  readonly port: number;
  readonly clock: Clock;
  /** Node id of whoever leads; undefined while nobody does. */
  readonly leaderId: () => string | undefined;
}

/** The id that a member is named by: that of its server once it has started. */
export const memberServerId = ({ id, name }: EtcdMember): string => name || id.toString(16);

export class Roster {
  readonly #parts: RosterParts;
  #members: readonly EtcdMember[] = [];
  #stopping = new AbortController();

  constructor(parts: RosterParts) {
    this.#parts = parts;
  }

  /** Begin to follow who votes. */
  start(): void {
    void this.#repeat(this.#stopping.signal);
  }

  stop(): void {
    this.#stopping.abort();
  }

  /** The members that etcd names now, or those that it named last when it does not answer. Never rejects. */
  async refresh(): Promise<readonly EtcdMember[]> {
    const answer = await this.#parts.client?.members();
    if (answer?.kind === 'done') this.#members = answer.reply;
    return this.#members;
  }

  /** In the order of their ids. */
  servers(): readonly ClusterServer[] {
    const { directory, leaderId } = this.#parts;
    const leads = leaderId();
    const known = [...directory.servers.values()].map(({ id, name, host, port }) => ({
      id,
      name,
      address: addressText(host, port),
      isLeader: id === leads,
      isVoter: this.#isVoter(id),
    }));
    const strangers = this.#members.filter((member) => !directory.servers.has(memberServerId(member)));
    const all = [...known, ...strangers.map((member) => this.#stranger(member))];
    return all.toSorted((one, other) => (one.id < other.id ? -1 : 1));
  }

  #isVoter(id: string): boolean {
    return this.#members.find((member) => memberServerId(member) === id)?.isLearner !== true;
  }

  #stranger(member: EtcdMember): ClusterServer {
    const [url = ''] = member.peerUrls;
    const host = URL.canParse(url) ? new URL(url).hostname.replace(/^\[|\]$/g, '') : url;
    const address = addressText(host, this.#parts.port);
    const { isLearner } = member;
    return { id: memberServerId(member), name: UNKNOWN_NAME, address, isLeader: false, isVoter: !isLearner };
  }

  async #repeat(signal: AbortSignal): Promise<void> {
    while (!signal.aborted) {
      await this.refresh();
      await sleep(this.#parts.clock, REFRESH_MS);
    }
  }
}
