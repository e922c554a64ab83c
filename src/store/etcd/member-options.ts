/**
 * The command line of the etcd that a server starts, from plain settings.
 *
 * Everything is said: what etcd would take from its environment (`ETCD_…`) is not passed on, so that nothing from
 * outside changes a member unseen. Election times are for machines of one datacenter (docs/adr/0007-etcd.md).
 */
import path from 'node:path';
import type { FirstMembers } from './cluster-plan.ts';

/** Files with certificates for one of the two sides of a member. */
export interface MemberTls {
  readonly certFile: string;
  readonly keyFile: string;
  /** Whoever connects must show a certificate of one of these authorities. */
  readonly caFile: string;
  /** And the certificate must be for this name. */
  readonly allowedName?: string | undefined;
}

export interface MemberSettings {
  /** Node id of the server. */
  readonly name: string;
  /** Folder of its own, made when it is missing. */
  readonly dataDir: string;
  /** `http(s)://address:port`, bound and told to the others. */
  readonly clientUrl: string;
  /** Where the others reach it. */
  readonly peerUrl: string;
  /** Where it listens for them, when that is not `peerUrl`. */
  readonly listenPeerUrl?: string;
  readonly clientTls?: MemberTls;
  readonly peerTls?: MemberTls;
  /** Space in octets after which etcd refuses writes. */
  readonly quotaBytes: number;
  /** Operations that one transaction may have. */
  readonly maxTxnOps: number;
  /** Octets that one request may have. */
  readonly maxRequestBytes: number;
  /** How long the history of changes reaches back, for watchers that were away. */
  readonly keepHistoryMinutes: number;
  readonly heartbeatMs: number;
  readonly electionMs: number;
}

export const MEMBER_DEFAULTS = {
  quotaBytes: 8 * 1024 ** 3,
  maxTxnOps: 1_024,
  maxRequestBytes: 2 * 1024 ** 2,
  keepHistoryMinutes: 10,
  heartbeatMs: 50,
  electionMs: 500,
} as const;

/** Octets of a request beside the value of a key: its name, its stamps, the guards. */
const BESIDE_VALUE_BYTES = 64 * 1024;

/** Octets that a request must be able to have, so that values of keys may be as large as the configuration allows. */
export function requestBytesFor(maxValueBytes: number): number {
  const asBase64 = Math.ceil(maxValueBytes / 3) * 4;
  return Math.max(MEMBER_DEFAULTS.maxRequestBytes, asBase64 + BESIDE_VALUE_BYTES);
}

/** How it comes into being; a folder that holds data makes this a mere description. */
export type MemberStart =
  /** One of the first ones, all started alike. */
  | { readonly kind: 'first'; readonly first: FirstMembers }
  /** Added to a running cluster before. */
  | { readonly kind: 'joining'; readonly initialCluster: string };

function tlsOptions(prefix: '' | 'peer-', tls: MemberTls | undefined): string[] {
  if (tls === undefined) return [];
  return [
    `--${prefix}cert-file=${tls.certFile}`,
    `--${prefix}key-file=${tls.keyFile}`,
    `--${prefix}trusted-ca-file=${tls.caFile}`,
    `--${prefix}client-cert-auth=true`,
    ...(tls.allowedName === undefined
      ? []
      : [`--${prefix || 'client-'}cert-allowed-hostname=${tls.allowedName}`]),
  ];
}

/** Where etcd keeps its files. */
export const memberDataDir = ({ dataDir }: Pick<MemberSettings, 'dataDir'>): string =>
  path.join(dataDir, 'data');

/** Arguments for etcd 3.4 and later. */
export function memberOptions(
  settings: MemberSettings,
  start: MemberStart,
  logLevel: string,
): readonly string[] {
  const isFirst = start.kind === 'first';
  return [
    `--name=${settings.name}`,
    `--data-dir=${memberDataDir(settings)}`,
    `--listen-client-urls=${settings.clientUrl}`,
    `--advertise-client-urls=${settings.clientUrl}`,
    `--listen-peer-urls=${settings.listenPeerUrl ?? settings.peerUrl}`,
    `--initial-advertise-peer-urls=${settings.peerUrl}`,
    `--initial-cluster=${isFirst ? start.first.initialCluster : start.initialCluster}`,
    `--initial-cluster-state=${isFirst ? 'new' : 'existing'}`,
    ...(isFirst ? [`--initial-cluster-token=${start.first.token}`] : []),
    // Its rule lets nobody in while a member is down, so no server could come in place of a dead one; ours: cluster-plan.ts.
    '--strict-reconfig-check=false',
    // A member that was cut off does not unseat a leader that the others hear.
    '--pre-vote=true',
    `--heartbeat-interval=${settings.heartbeatMs}`,
    `--election-timeout=${settings.electionMs}`,
    `--max-txn-ops=${settings.maxTxnOps}`,
    `--max-request-bytes=${settings.maxRequestBytes}`,
    `--quota-backend-bytes=${settings.quotaBytes}`,
    '--auto-compaction-mode=periodic',
    `--auto-compaction-retention=${settings.keepHistoryMinutes}m`,
    ...tlsOptions('', settings.clientTls),
    ...tlsOptions('peer-', settings.peerTls),
    // The address that a connection comes from need not be the one that its server is reached at.
    ...(settings.peerTls ? ['--experimental-peer-skip-client-san-verification=true'] : []),
    '--logger=zap',
    '--log-outputs=stderr',
    `--log-level=${logLevel}`,
  ];
}
