/**
 * The store that servers share, as one of them reaches it: etcd's client, the lock of the leader, the catalog, the list of
 * servers. Made without connecting; connects when it is asked.
 */
import type { Persistence } from '../../catalog/persistence.ts';
import type { CatalogKinds } from '../../catalog/tables.ts';
import { TABLES } from '../../catalog/tables.ts';
import type { TlsIdentity } from '../../rpc/tls-identity.ts';
import { type EtcdClient, etcdClient } from '../../store/etcd/etcd-client.ts';
import { EtcdDirectory } from '../../store/etcd/etcd-directory.ts';
import { Layout } from '../../store/etcd/etcd-layout.ts';
import { EtcdLock } from '../../store/etcd/etcd-lock.ts';
import { etcdStore } from '../../store/etcd/etcd-store.ts';
import { type LateStore, lateStore } from '../../store/late-store.ts';
import type { CoreParts } from '../core.ts';
import type { Identity } from '../identity.ts';
import { meteredStore } from '../metered-store.ts';
import type { ServerSettings } from './cluster-settings.ts';
import { foreignEtcd, ownEtcd } from './etcd-access.ts';

/** Silence in ms after which a watch of the catalog is asked whether it lives. */
const WATCH_IDLE_MS = 2_000;

export interface SharedStore {
  readonly client: EtcdClient;
  readonly lock: EtcdLock;
  readonly directory: EtcdDirectory;
  /** The catalog in etcd. */
  readonly store: Persistence;
  /** The same store, for those that use it before it can be read. */
  readonly late: LateStore<CatalogKinds>;
}

/** The shared store of a server. Throws config_invalid when a file with certificates cannot be read. */
export function sharedStore(
  { config, clock, random, metrics, log }: CoreParts,
  settings: ServerSettings,
  identity: Identity,
  tls: TlsIdentity | undefined,
): SharedStore {
  const access = settings.member ? ownEtcd(settings.member.settings, tls) : foreignEtcd(config, log);
  const client = etcdClient({ ...access, clock });
  const layout = new Layout(settings.prefix);
  const lock = new EtcdLock({ client, layout, clock, log });
  const store = etcdStore({
    client,
    prefix: layout.prefix,
    specs: TABLES,
    writer: identity.nodeId,
    fence: () => lock.fence,
    maxTxnOps: settings.maxTxnOps,
    maxRequestBytes: settings.maxRequestBytes,
    watchIdleMs: WATCH_IDLE_MS,
    clock,
    random,
    log,
  });
  return {
    client,
    lock,
    directory: new EtcdDirectory({ client, layout, clock, log }),
    store: meteredStore(store, { metrics, clock, log }),
    late: lateStore(store.limits, clock),
  };
}
