/**
 * The servers of a datacenter and how they are, as the leader judges them and the API shows them.
 */
import type { ModifyIndex, StringMap } from './types.ts';

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
  /** Of Consul's API; '' while it is not heard. */
  readonly version: string;
  /** Time in ms since it was in touch with the leader, 0 on the leader itself; undefined while it is not heard. */
  readonly lastContactMs: number | undefined;
  /** As it told last; 0 while it is not heard. */
  readonly term: number;
  readonly index: ModifyIndex;
  readonly isHealthy: boolean;
  /** Wall time since when it has been as it is, healthy or not; undefined while it is not heard. */
  readonly stableSinceMs: number | undefined;
  /** Metadata of its node. */
  readonly meta: StringMap;
}

export interface ClusterHealth {
  /** Whether all servers are. */
  readonly isHealthy: boolean;
  /** How many more voters may be lost. */
  readonly failureTolerance: number;
  readonly servers: readonly ServerHealth[];
}
