/**
 * The servers of this datacenter, as the API shows and changes them: who leads, who votes, who is well.
 *
 * What every server knows from memory is asked for synchronously and is answered without a leader too; what only the
 * leader knows or may do is a promise that rejects with `no_leader` while nobody leads. An agent that has no others
 * beside it has one server, itself (agent/single-server.ts). The autopilot's settings are a row of the catalog and need
 * no port: catalog/autopilot-settings.ts.
 */
import type { ModifyIndex } from '../model/types.ts';

/** A server that belongs to the cluster, whether it is up or not. */
export interface ClusterServer {
  /** Node id. */
  readonly id: string;
  readonly name: string;
  /** `host:port` that other servers reach it by. */
  readonly address: string;
  readonly isLeader: boolean;
  /** False while it catches up with the others after it was added. */
  readonly isVoter: boolean;
}

/** A server as the leader sees it. */
export interface ServerHealth extends ClusterServer {
  /** As its membership has it. */
  readonly status: 'alive' | 'failed' | 'leaving' | 'left' | 'none';
  /** Of Consul's API; '' when it was never heard. */
  readonly version: string;
  /** Time in ms since it was in touch with the leader, 0 on the leader itself; undefined when it is not heard. */
  readonly lastContactMs: number | undefined;
  /** As it told last; 0 when it was never heard. */
  readonly term: number;
  readonly index: ModifyIndex;
  readonly isHealthy: boolean;
  /** Wall time since when it has been as healthy or unhealthy as it is; undefined when it was never healthy. */
  readonly stableSinceMs: number | undefined;
  /** Metadata of its node. */
  readonly meta: Readonly<Record<string, string>>;
}

export interface ClusterHealth {
  readonly isHealthy: boolean;
  /** How many more voters may be lost. */
  readonly failureTolerance: number;
  readonly servers: readonly ServerHealth[];
}

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
  /** Resolves when another server leads; with `toId` that one. Rejects with `invalid_command` when it cannot be. */
  transferLeader(toId: string | undefined): Promise<void>;
  /** Take a server out for good. Rejects with `invalid_command` when it is not there or would cost the quorum. */
  removeServer(which: ServerSelector): Promise<void>;
}
