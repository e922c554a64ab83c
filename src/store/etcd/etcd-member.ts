/**
 * The member of etcd that a server starts: found, started, watched, started again, ended.
 *
 * What can be known beforehand is checked beforehand and ends the start with one clear line: no program, one that is too
 * old, a folder that cannot be written or is of another cluster, an address that is taken. A member that ends by itself
 * is started again after a pause that doubles; waiting helps when its peers are not there yet. It is not this file that
 * decides whether the cluster has a leader: ask etcd.
 */
import net from 'node:net';
import type { Clock, Timer } from '../../lib/clock.ts';
import type { Logger } from '../../lib/logger.ts';
import { systemErrorText } from '../../lib/system-error.ts';
import { AppError } from '../../model/errors.ts';
import { prepareMemberFolder } from './member-folder.ts';
import { type MemberFinding, MemberLog } from './member-log.ts';
import { type MemberSettings, type MemberStart, memberOptions } from './member-options.ts';
import { type MemberRun, runMember } from './member-process.ts';
import { findMemberProgram, type MemberProgram } from './member-program.ts';
import { endLeftOver, forgetMember, recordMember } from './member-record.ts';

export interface EtcdMemberParts {
  /** `etcd` to look it up in PATH, or a path. */
  readonly program: string;
  readonly settings: MemberSettings;
  readonly start: MemberStart;
  readonly clock: Clock;
  readonly log: Logger;
  /** Told when something is wrong that starting again does not mend. */
  readonly onFinding?: (finding: MemberFinding) => void;
  /** From SIGTERM to SIGKILL, in ms; default 5000. A member that leads hands its leadership over first. */
  readonly stopGraceMs?: number;
}

export interface MemberState {
  /** undefined while none runs. */
  readonly pid: number | undefined;
  readonly version: string | undefined;
  /** How often it was started again since `start`. */
  readonly restarts: number;
  /** Why it ended the last time; undefined when it never did. */
  readonly lastEnd: string | undefined;
}

/** Pause before a member is started again, in ms. */
const FIRST_PAUSE_MS = 250;
const LONGEST_PAUSE_MS = 10_000;

/** One that ran for so long was well, and its next end is a new story. */
const WELL_AFTER_MS = 30_000;

const STOP_GRACE_MS = 5_000;

/** Throws `config_invalid` when nobody can listen there. Binding shows it, at the risk that another one is faster afterwards. */
async function checkAddressFree(url: string, option: string): Promise<void> {
  const { hostname, port } = new URL(url);
  const server = net.createServer();
  try {
    await new Promise<void>((resolve, reject) => {
      server.once('error', reject);
      server.listen({ host: hostname.replace(/^\[|\]$/g, ''), port: Number(port), exclusive: true }, resolve);
    });
  } catch (cause) {
    const why = systemErrorText(cause);
    throw new AppError(
      'config_invalid',
      `etcd: ${option}: ${hostname}:${port} cannot be listened on: ${why}`,
      {
        cause,
      },
    );
  } finally {
    await new Promise((resolve) => server.close(resolve));
  }
}

export class EtcdMember {
  readonly #parts: EtcdMemberParts;
  #program: MemberProgram | undefined;
  #run: MemberRun | undefined;
  #watching: Promise<void> = Promise.resolve();
  #pause: { readonly timer: Timer; readonly end: () => void } | undefined;
  #isStopping = false;
  #restarts = 0;
  #lastEnd: string | undefined;
  #isRemoved = false;

  constructor(parts: EtcdMemberParts) {
    this.#parts = parts;
  }

  get #graceMs(): number {
    return this.#parts.stopGraceMs ?? STOP_GRACE_MS;
  }

  get state(): MemberState {
    return {
      pid: this.#run?.pid,
      version: this.#program?.version,
      restarts: this.#restarts,
      lastEnd: this.#lastEnd,
    };
  }

  /** Resolves when etcd was started, not when it answers: that needs its peers. Throws `config_invalid`. */
  async start(): Promise<void> {
    const { program, settings, start, clock, log } = this.#parts;
    this.#program = await findMemberProgram(program);
    prepareMemberFolder(settings, start);
    const leftOver = await endLeftOver(settings.dataDir, { clock, graceMs: this.#graceMs });
    if (leftOver !== undefined)
      log.warn({ pid: leftOver }, 'an etcd that an earlier agent left over was ended');
    await checkAddressFree(settings.clientUrl, 'ports.etcd_client');
    await checkAddressFree(settings.listenPeerUrl ?? settings.peerUrl, 'ports.etcd_peer');
    const { version, diesWithAgent } = this.#program;
    log.info({ version, peers: settings.peerUrl, clients: settings.clientUrl }, 'etcd is started');
    if (!diesWithAgent)
      log.debug({}, 'setpriv is not there: if this agent is killed, the next one ends its etcd');
    this.#watching = this.#watch(this.#program);
  }

  /** End it, and start it no more. */
  async stop(): Promise<void> {
    this.#isStopping = true;
    this.#pause?.end();
    await this.#run?.stop(this.#graceMs);
    await this.#watching;
  }

  async #watch({ command }: MemberProgram): Promise<void> {
    const { settings, start, clock, log } = this.#parts;
    let pauseMs = FIRST_PAUSE_MS;
    for (;;) {
      const startedMs = clock.monotonic();
      const output = new MemberLog({ log, clock, onFinding: (finding) => this.#find(finding) });
      const args = memberOptions(settings, start, log.isDebug() ? 'info' : 'warn');
      this.#run = runMember({ command, args, clock, onOutput: (text) => output.push(text) });
      this.#record(this.#run.pid);
      const how = await this.#run.ended;
      this.#run = undefined;
      forgetMember(settings.dataDir);
      if (this.#isStopping || this.#isRemoved) return;
      const why = output.lastFatal ?? how;
      this.#lastEnd = why;
      if (clock.monotonic() - startedMs >= WELL_AFTER_MS) pauseMs = FIRST_PAUSE_MS;
      log.error({ how, again_ms: pauseMs }, `etcd ended and is started again: ${why}`);
      await this.#wait(pauseMs);
      if (this.#isStopping) return;
      pauseMs = Math.min(pauseMs * 2, LONGEST_PAUSE_MS);
      this.#restarts += 1;
    }
  }

  #record(pid: number): void {
    try {
      recordMember(this.#parts.settings.dataDir, pid);
    } catch (error) {
      // A full disk: etcd will say so itself, and the kernel ends it with the agent.
      this.#parts.log.warn({ err: error }, 'the record of the etcd process could not be written');
    }
  }

  #find(finding: MemberFinding): void {
    if (finding.kind === 'removed') this.#isRemoved = true;
    if (finding.kind === 'other-cluster') this.#parts.log.error({}, finding.text);
    else this.#parts.log.warn({}, finding.text);
    this.#parts.onFinding?.(finding);
  }

  #wait(ms: number): Promise<void> {
    return new Promise((resolve) => {
      const end = (): void => {
        timer.cancel();
        this.#pause = undefined;
        resolve();
      };
      const timer = this.#parts.clock.after(ms, end);
      this.#pause = { timer, end };
    });
  }
}
