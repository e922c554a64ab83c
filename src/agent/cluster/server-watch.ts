/**
 * Once a second the leader asks every server how far its copy is and when it heard the leader last, and judges it by
 * the autopilot's settings (cluster/server-health.ts). /v1/operator/autopilot shows the judgement.
 */
import { AUTOPILOT_SETTING, autopilotSettings } from '../../catalog/autopilot-settings.ts';
import type { ServerDirectory } from '../../catalog/leader-lock.ts';
import type { State } from '../../catalog/state.ts';
import type { Peers } from '../../cluster/peers.ts';
import { judgeServers, type ServerObservation, type ServerReport } from '../../cluster/server-health.ts';
import { type Clock, sleep } from '../../lib/clock.ts';
import { hasFields, isMapOf, isNumber, isText } from '../../lib/shape.ts';
import type { ClusterHealth, ClusterServer } from '../../model/cluster-health.ts';
import { AppError } from '../../model/errors.ts';
import type { StringMap } from '../../model/types.ts';
import type { RpcMethod } from '../../rpc/rpc-server.ts';
import type { TermWork } from '../term.ts';
import type { Roster } from './roster.ts';

const LOOK_MS = 1_000;
/** A new leader looks when all can have heard it; earlier it would find them in an older term. */
const FIRST_LOOK_MS = 500;
const REPORT_TIMEOUT_MS = 800;
/** Silence in ms after which a server has failed. */
const FAILED_AFTER_MS = 3_000;

export interface ServerWatchParts {
  readonly selfId: string;
  readonly roster: Roster;
  readonly directory: ServerDirectory;
  readonly peers: Peers;
  /** The newest term that this server knows of, and the time since it heard the leader. */
  readonly contact: () => Pick<ServerReport, 'term' | 'lastContactMs'>;
  readonly state: State;
  readonly clock: Clock;
  /** Version in Consul's API. */
  readonly version: string;
  readonly meta: () => StringMap;
}

const isReport = hasFields<ServerReport>({
  version: isText,
  term: isNumber,
  index: isNumber,
  lastContactMs: isNumber,
  meta: isMapOf(isText),
});

export class ServerWatch implements TermWork {
  readonly #parts: ServerWatchParts;
  /** When each server answered last, in this term. */
  readonly #heardMs = new Map<string, number>();
  #health: ClusterHealth | undefined;
  #first: Promise<ClusterHealth> | undefined;
  #looking: Promise<ClusterHealth> | undefined;
  #term: AbortController | undefined;

  constructor(parts: ServerWatchParts) {
    this.#parts = parts;
  }

  begin(): void {
    this.#term = new AbortController();
    this.#first = sleep(this.#parts.clock, FIRST_LOOK_MS).then(() => this.#lookOnce());
    void this.#repeat(this.#first, this.#term.signal);
  }

  end(): void {
    this.#term?.abort();
    this.#term = undefined;
    this.#first = undefined;
    this.#health = undefined;
    this.#heardMs.clear();
  }

  /** The newest judgement; undefined while this server does not lead. */
  get newest(): ClusterHealth | undefined {
    return this.#health;
  }

  /** The newest judgement of this leader, at most a second old. Rejects with no_leader when it does not lead. */
  async judged(): Promise<ClusterHealth> {
    if (this.#first === undefined) throw new AppError('no_leader', 'No cluster leader');
    return this.#health ?? this.#first;
  }

  #lookOnce(): Promise<ClusterHealth> {
    this.#looking ??= this.#look().finally(() => {
      this.#looking = undefined;
    });
    return this.#looking;
  }

  /** What the leader asks each server. */
  methods(): Readonly<Record<string, RpcMethod>> {
    return { report: async () => this.#ownReport() };
  }

  #ownReport(): ServerReport {
    const { contact, state, version, meta } = this.#parts;
    return { ...contact(), version, index: state.index, meta: meta() };
  }

  async #repeat(first: Promise<unknown>, signal: AbortSignal): Promise<void> {
    await first;
    for (;;) {
      await sleep(this.#parts.clock, LOOK_MS);
      if (signal.aborted) return;
      await this.#lookOnce();
    }
  }

  async #look(): Promise<ClusterHealth> {
    const { roster, state, contact, clock } = this.#parts;
    const { term } = contact();
    const { index } = state;
    const servers = roster.servers();
    const observations = await Promise.all(servers.map((server) => this.#observe(server)));
    const settings = autopilotSettings(state.view.settings.get(AUTOPILOT_SETTING));
    const health = judgeServers(observations, {
      settings,
      term,
      index,
      before: this.#health,
      nowMs: clock.now(),
    });
    if (this.#term !== undefined) this.#health = health;
    return health;
  }

  async #observe(server: ClusterServer): Promise<ServerObservation> {
    const report = await this.#reportOf(server);
    const nowMs = this.#parts.clock.monotonic();
    if (report !== undefined) this.#heardMs.set(server.id, nowMs);
    return { ...server, report, status: this.#statusOf(server, report, nowMs) };
  }

  #statusOf(
    server: ClusterServer,
    report: ServerReport | undefined,
    nowMs: number,
  ): ServerObservation['status'] {
    if (report !== undefined) return 'alive';
    if (!this.#parts.directory.servers.has(server.id)) return 'none';
    const heardMs = this.#heardMs.get(server.id);
    return heardMs !== undefined && nowMs - heardMs < FAILED_AFTER_MS ? 'alive' : 'failed';
  }

  async #reportOf({ id }: ClusterServer): Promise<ServerReport | undefined> {
    const { selfId, directory, peers } = this.#parts;
    if (id === selfId) return this.#ownReport();
    const record = directory.servers.get(id);
    if (record === undefined) return undefined;
    const end = await peers.call(record, 'report', {}, { timeoutMs: REPORT_TIMEOUT_MS });
    if (end.kind !== 'answered' || isReport(end.value, 'report') !== undefined) return undefined;
    return end.value as ServerReport;
  }
}
