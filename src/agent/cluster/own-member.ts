/**
 * The etcd member that this server starts: how it begins, and what happens when it is removed from the cluster.
 *
 * A member with data goes on with it. A member that was removed never comes back as what it was: found out at the
 * start, its data is deleted (the others have all of it) and the server asks to be added as a new one; found out while
 * it runs, the server ends and says why.
 */
import fs from 'node:fs';
import { AppError } from '../../model/errors.ts';
import { EtcdMember } from '../../store/etcd/etcd-member.ts';
import { hasMemberData } from '../../store/etcd/member-folder.ts';
import { type MemberStart, memberDataDir } from '../../store/etcd/member-options.ts';
import type { ClusterServer, ClusterServerParts } from './cluster-server.ts';
import { memberTls } from './etcd-access.ts';

const REMOVED_TEXT =
  'this server was taken out of the cluster (operator raft remove-peer); when it is started again it joins as a new one';

type MemberParts = NonNullable<ClusterServerParts['settings']['member']>;

export interface OwnMemberParts {
  readonly parts: ClusterServerParts;
  readonly server: ClusterServer;
  readonly member: MemberParts;
  /** The server cannot go on. */
  readonly fail: (why: unknown) => void;
}

export class OwnMember {
  readonly #own: OwnMemberParts;
  #member: EtcdMember | undefined;
  #isEnding = false;
  /** Whether this run has read the catalog through it. */
  #isSettled = false;

  constructor(own: OwnMemberParts) {
    this.#own = own;
  }

  /** Find the cluster, however long that takes, and start etcd. False when it was stopped meanwhile. */
  async start(): Promise<boolean> {
    const { member, parts, server } = this.#own;
    const known = server.record.get();
    const { settings } = member;
    if (hasMemberData(settings)) {
      const { name, peerUrl } = settings;
      return this.#run(known?.start ?? { kind: 'joining', initialCluster: `${name}=${peerUrl}` });
    }
    if (known?.start !== undefined && !known.hasRun) return this.#run(known.start);
    if (known?.hasRun) {
      parts.log.warn({}, 'the data of etcd is gone: this server comes back as another member');
      server.record.forget();
    }
    return this.#run(await server.founding.decide());
  }

  /** The catalog was read: it is a member for good. */
  settle(): void {
    const { record } = this.#own.server;
    const known = record.get();
    if (known && !known.hasRun) record.set({ ...known, hasRun: true });
    this.#isSettled = true;
  }

  /** This server is leaving, so that its removal is no failure; false takes that back. */
  set isLeaving(isLeaving: boolean) {
    this.#isEnding = isLeaving;
  }

  /** End it and delete its data: it is no member any more. */
  async retire(): Promise<void> {
    await this.stop();
    this.#discard();
  }

  async stop(): Promise<void> {
    this.#isEnding = true;
    await this.#member?.stop();
  }

  #discard(): void {
    this.#own.server.record.forget();
    fs.rmSync(memberDataDir(this.#own.member.settings), { recursive: true, force: true });
  }

  async #run(start: MemberStart | undefined): Promise<boolean> {
    if (start === undefined || this.#isEnding) return false;
    const { parts, member } = this.#own;
    const { etcdTls: tls, clock, log } = parts;
    const { program, settings } = member;
    const files = tls && memberTls(settings, tls);
    // etcd reads its own certificate again for every connection.
    tls?.onChange?.(() => {
      try {
        memberTls(settings, tls);
      } catch (err) {
        log.error({ err }, 'etcd goes on with the certificate that it has');
      }
    });
    this.#member = new EtcdMember({
      program,
      settings: { ...settings, ...(files && { clientTls: files, peerTls: files }) },
      start,
      clock,
      log: log.child({ part: 'etcd' }),
      onFinding: ({ kind }) => {
        if (kind === 'removed') this.#onRemoved();
      },
    });
    await this.#member.start();
    return true;
  }

  #onRemoved(): void {
    if (this.#isEnding) return;
    if (this.#isSettled) this.#own.fail(new AppError('config_invalid', REMOVED_TEXT));
    else this.#joinAnew().catch((error: unknown) => this.#own.fail(error));
  }

  async #joinAnew(): Promise<void> {
    const { parts, server } = this.#own;
    parts.log.warn({}, 'this server was taken out of the cluster while it was away: it joins as a new one');
    await this.#member?.stop();
    this.#discard();
    await this.#run(await server.founding.decide());
  }
}
