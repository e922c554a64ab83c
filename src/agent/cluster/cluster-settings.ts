/**
 * The settings of a server of a cluster, from the configuration: whom it joins, where it listens, which etcd it uses.
 */
import path from 'node:path';
import { type JoinPorts, parseJoinAddress } from '../../cluster/join-address.ts';
import type { RpcAddress } from '../../rpc/rpc-connection.ts';
import { MEMBER_DEFAULTS, type MemberSettings, requestBytesFor } from '../../store/etcd/member-options.ts';
import { expectOf } from '../agent-role.ts';
import type { Config } from '../config/options.ts';
import type { Identity } from '../identity.ts';

/** Whom to meet, and for how long. */
export interface JoinSettings {
  /** Tried once; the agent ends if none of them answers. */
  readonly atStart: readonly RpcAddress[];
  readonly again: readonly RpcAddress[];
  readonly intervalMs: number;
  /** 0 is no limit. */
  readonly maxTries: number;
}

export interface ServerSettings {
  readonly datacenter: string;
  readonly expect: number;
  /** Prefix of all keys in etcd. */
  readonly prefix: string;
  readonly join: JoinSettings;
  /** Undefined where an existing etcd is used. */
  readonly member: { readonly program: string; readonly settings: MemberSettings } | undefined;
  /** What etcd takes in one transaction. */
  readonly maxTxnOps: number;
  readonly maxRequestBytes: number;
}

/** Limits of an etcd that runs with its defaults. */
const FOREIGN_ETCD = { maxTxnOps: 128, maxRequestBytes: 1.5 * 1024 * 1024 } as const;

function addressesOf(texts: readonly string[], ports: JoinPorts): readonly RpcAddress[] {
  return texts.flatMap((text) => {
    const parsed = parseJoinAddress(text, ports); // check-cluster.ts has refused what is none
    return 'fault' in parsed ? [] : [parsed];
  });
}

/** The ports that addresses to join mean. */
export const joinPorts = (config: Config): JoinPorts => ({
  server: config['ports.server'],
  serfLan: config['ports.serf_lan'],
});

/** Whom an agent meets. */
export function joinSettings(config: Config): JoinSettings {
  const ports = joinPorts(config);
  return {
    atStart: addressesOf(config.start_join, ports),
    again: addressesOf(config.retry_join, ports),
    intervalMs: config.retry_interval,
    maxTries: config.retry_max,
  };
}

/** Whether only this machine can reach an address. */
export const isLoopback = (address: string): boolean => address.startsWith('127.') || address === '::1';

const bracketed = (host: string): string => (host.includes(':') ? `[${host}]` : host);

const ANY: readonly string[] = ['0.0.0.0', '::', ''];

/** Where the member listens: its clients are this server alone, so loopback will do. */
function memberSettings(
  config: Config,
  { nodeId, advertiseAddress }: Identity,
  isSecure: boolean,
): MemberSettings {
  const scheme = isSecure ? 'https' : 'http';
  const { bind_addr: bind, 'ports.etcd_client': clientPort, 'ports.etcd_peer': peerPort } = config;
  const clientHost = isLoopback(bind) ? bind : '127.0.0.1';
  const url = (host: string, port: number): string => `${scheme}://${bracketed(host)}:${port}`;
  return {
    ...MEMBER_DEFAULTS,
    name: nodeId,
    dataDir: path.join(config.data_dir, 'etcd'),
    clientUrl: url(clientHost, clientPort),
    peerUrl: url(config['store.etcd.peer_host'] || advertiseAddress, peerPort),
    listenPeerUrl: url(ANY.includes(bind) ? bind || '0.0.0.0' : bind, peerPort),
    quotaBytes: config['store.etcd.quota'],
    maxRequestBytes: requestBytesFor(config['limits.kv_max_value_size']),
  };
}

/** The settings of a server of a cluster. */
export function serverSettings(config: Config, identity: Identity, isSecure: boolean): ServerSettings {
  const { datacenter } = config;
  const isForeign = config['store.etcd.endpoints'].length > 0;
  const own = isForeign ? undefined : memberSettings(config, identity, isSecure);
  return {
    datacenter,
    expect: expectOf(config),
    prefix: config['store.etcd.prefix'] || `/rollcall/${datacenter}/`,
    join: joinSettings(config),
    member: own && { program: config['store.etcd.binary'], settings: own },
    maxTxnOps: (own ?? FOREIGN_ETCD).maxTxnOps,
    maxRequestBytes: (own ?? FOREIGN_ETCD).maxRequestBytes,
  };
}

/** The hosts under which an etcd is called, by this server and by other ones. */
export function etcdHosts({
  clientUrl,
  peerUrl,
}: Pick<MemberSettings, 'clientUrl' | 'peerUrl'>): readonly string[] {
  return [clientUrl, peerUrl].map((url) => new URL(url).hostname.replace(/^\[|\]$/g, ''));
}
