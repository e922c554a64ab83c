/**
 * Starts and stops a server of a cluster: port, cluster, etcd, catalog, leadership, in this order.
 *
 * The start waits for the port only; HTTP answers while the server still looks for the others. What waiting cannot mend
 * (no etcd, an address in use, data of another cluster) ends the agent with one line.
 */
import { settlesWithin } from '../../lib/clock.ts';
import { AppError } from '../../model/errors.ts';
import { EtcdSpace } from '../../store/etcd/etcd-space.ts';
import type { MemberSettings } from '../../store/etcd/member-options.ts';
import type { Part } from '../lifecycle.ts';
import type { Leave } from '../role.ts';
import { rpcPart } from '../rpc-part.ts';
import type { ClusterServer, ClusterServerParts } from './cluster-server.ts';
import { isLoopback } from './cluster-settings.ts';
import { leaving } from './leaving.ts';
import { OwnMember } from './own-member.ts';

/** Time in ms between log lines that say why etcd cannot be read yet; the first one comes sooner. */
const SAY_EVERY_MS = 10_000;
const FIRST_SAID_MS = 3_000;

export interface ClusterRun {
  /** Listens and looks for the cluster; stops in reverse order. */
  readonly part: Part;
  /** Resolves with why this server cannot go on. */
  readonly failed: Promise<AppError>;
  readonly leave: Leave;
  /** Ends etcd, last: to be called when nobody uses the catalog any more. */
  close(): Promise<void>;
}

/** Read the catalog, however long etcd takes. */
async function readCatalog({ shared, clock, log }: ClusterServerParts): Promise<void> {
  let saidMs = clock.monotonic() - SAY_EVERY_MS + FIRST_SAID_MS;
  await shared.late.open(shared.store, (error) => {
    if (clock.monotonic() - saidMs < SAY_EVERY_MS) return;
    saidMs = clock.monotonic();
    log.warn({ why: (error as Error).message }, 'the catalog cannot be read from etcd yet');
  });
}

/** Tells the other members this server's address when it came back at another one. */
async function moveMember(
  { shared: { client }, log }: ClusterServerParts,
  { name, peerUrl }: MemberSettings,
): Promise<void> {
  const members = await client.members();
  const own = members.kind === 'done' ? members.reply.find((member) => member.name === name) : undefined;
  if (own === undefined || own.peerUrls.includes(peerUrl)) return;
  const { kind } = await client.updateMember(own.id, [peerUrl]);
  if (kind === 'done') log.info({ before: own.peerUrls, now: peerUrl }, 'this server has moved');
}

/** Calls `end` when the catalog cannot be read because this server's data is of another cluster. */
async function lookForOthers(
  { shared, clock }: ClusterServerParts,
  { founding }: ClusterServer,
  isStopped: () => boolean,
  end: (why: AppError) => void,
): Promise<void> {
  while (!isStopped() && !(await settlesWithin(clock, SAY_EVERY_MS, shared.late.whenRead))) {
    const why = await founding.otherCluster();
    if (why !== undefined) return end(why);
  }
}

function warnOfStrangers({ config, tls, log }: ClusterServerParts): void {
  if (tls !== undefined || isLoopback(config.bind_addr)) return;
  log.warn(
    {},
    'servers do not know each other by anything: whoever reaches ports.server or ports.etcd_peer can read and change everything; give all of them the same encrypt (rollcall keygen makes one), or certificates',
  );
}

/** Looks after the space of the own member, and counts it in metrics. */
function etcdSpace(
  { shared, metrics, clock, log }: ClusterServerParts,
  { clientUrl: url, quotaBytes }: MemberSettings,
): EtcdSpace {
  const [bytes, quota, isFull] = [
    metrics.gauge('etcd_size_bytes'),
    metrics.gauge('etcd_quota_bytes'),
    metrics.gauge('etcd_is_full'),
  ];
  return new EtcdSpace({
    client: shared.client,
    url,
    quotaBytes,
    clock,
    log: log.child({ part: 'etcd' }),
    onLook: (state) => {
      bytes.set(0, state.bytes);
      quota.set(0, state.quotaBytes);
      isFull.set(0, state.isFull ? 1 : 0);
    },
  });
}

/** The error that the agent ends with. A bug is logged in full before. */
function endingError(error: unknown, log: ClusterServerParts['log']): AppError {
  if (error instanceof AppError) return error;
  log.error({ err: error }, 'the server could not be started');
  return new AppError('config_invalid', String(error));
}

/** Runs a server that was put together. */
export function clusterRun(parts: ClusterServerParts, server: ClusterServer): ClusterRun {
  const { settings, shared, config, clock, tls, log } = parts;
  const { lock, directory, client, late } = shared;
  const failed = Promise.withResolvers<AppError>();
  const rpcLog = log.child({ part: 'rpc' });
  const rpc = rpcPart({ config, identity: async () => tls, methods: server.methods, clock, log: rpcLog });
  const space = settings.member && etcdSpace(parts, settings.member.settings);
  let isStopped = false;
  const fail = (error: unknown): void => failed.resolve(endingError(error, log));
  const member = settings.member && new OwnMember({ parts, server, member: settings.member, fail });

  async function bringUp(): Promise<void> {
    if (member && !(await member.start())) return;
    if (member) void lookForOthers(parts, server, () => isStopped, failed.resolve);
    await readCatalog(parts);
    if (isStopped) return;
    member?.settle();
    if (settings.member) await moveMember(parts, settings.member.settings);
    await takePart();
  }

  /** The catalog was read: begin to act as a server of the cluster. */
  async function takePart(): Promise<void> {
    directory.start();
    server.roster.start();
    lock.start();
    await directory.announce(server.self);
    if (isStopped) return;
    server.candidate.start();
    server.pulse.start();
    server.agents.reporter.start();
    space?.start();
    server.agents.wan.datacenters.start();
    server.agents.places.start();
    log.info({ index: parts.catalog.state.index }, 'the catalog was read from etcd');
  }

  return {
    failed: failed.promise,
    leave: leaving({ ...server, reporter: server.agents.reporter, member }),
    part: {
      name: 'cluster',
      start: async () => {
        warnOfStrangers(parts);
        await rpc.start();
        bringUp().catch(fail);
      },
      stop: async () => {
        isStopped = true;
        server.founding.stop();
        server.pulse.stop();
        server.roster.stop();
        server.agents.reporter.stop();
        await space?.stop();
        server.agents.places.stop();
        server.agents.wan.datacenters.stop();
        await server.candidate.stop();
        await rpc.stop();
        server.peers.close();
        directory.close();
        lock.close();
      },
    },
    close: async () => {
      await late.close();
      client.close();
      await member?.stop();
    },
  };
}
