/**
 * The servers of this datacenter, as the API shows and changes them: who leads, who votes, who is well.
 *
 * What every server knows from memory is asked for synchronously and is answered without a leader too; what only the
 * leader knows or may do is a promise that rejects with `no_leader` while nobody leads. An agent that has no others
 * beside it has one server, itself (agent/single-server.ts). The autopilot's settings are a row of the catalog and need
 * no port: catalog/autopilot-settings.ts.
 */
import type { ClusterHealth, ClusterServer } from '../model/cluster-health.ts';

/** This server's part, as it knows it. */
export interface ClusterStanding {
  readonly kind: 'leader' | 'follower' | 'leaderless';
  /** `host:port` of the leader, '' while there is none. */
  readonly leaderAddress: string;
  /** Rises with every change of leader; 0 before the first. */
  readonly term: number;
  /** Since the leader was heard, 0 on the leader itself. */
  readonly lastContactMs: number;
  /** `bootstrap_expect`; 0 where it was not given. */
  readonly expect: number;
}

/** Which server is meant. */
export type ServerSelector = { readonly id: string } | { readonly address: string };

export interface ClusterPort {
  standing(): ClusterStanding;
  /** All servers that belong to the cluster. */
  servers(): readonly ClusterServer[];
  /** Asks the leader. */
  health(): Promise<ClusterHealth>;
  /** The newest judgement of a leader that has others beside it; undefined on other servers. From memory. */
  judged?(): ClusterHealth | undefined;
  /** Resolves when another server leads; with `toId` that one. Rejects with `invalid_command` when it cannot be. */
  transferLeader(toId: string | undefined): Promise<void>;
  /** Take a server out for good. Rejects with `invalid_command` when it is not there or would cost the quorum. */
  removeServer(which: ServerSelector): Promise<void>;
}
