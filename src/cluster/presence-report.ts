/**
 * What the leader knows of agents that are connected to other servers: each follower reports who came and went, and the
 * report itself says that the follower is alive.
 *
 * A follower reports at once when somebody came or went, else twice a second. Only differences travel; everything is
 * sent again when the leader does not have what they differ from. Agents that are connected to a server that has gone are not
 * present either, but they have some seconds to attend another one before their silence counts.
 */
import type { Clock, Timer } from '../lib/clock.ts';
import { hasFields, isBoolean, isListOf, isNumber, isText } from '../lib/shape.ts';
import { refuse } from '../model/errors.ts';
import type { RpcMethod } from '../rpc/rpc-server.ts';
import type { AgentRecord } from './agent-messages.ts';
import { isAgentRecord } from './member.ts';
import { type Presence, REATTACH_MS, type Sighting } from './presence.ts';

const REPORT_MS = 500;
/** Time in ms that changes are gathered before they are told. */
const GATHER_MS = 20;
const ANSWER_MS = 2_000;
/** Silence in ms after which a follower, and the agents connected to it, are not present. */
const SILENT_MS = 1_500;
/** How long who has gone is remembered, ms. */
const REMEMBER_MS = 60_000;

interface Seen {
  readonly agent: AgentRecord;
  readonly isHere: boolean;
  /** Time in ms since it was heard. */
  readonly silentMs: number;
}

interface Report {
  readonly server: AgentRecord;
  /** Number of this report; the first of a series has everything. */
  readonly number: number;
  readonly series: string;
  readonly seen: readonly Seen[];
}

const isReport = hasFields<Report>({
  server: isAgentRecord,
  number: isNumber,
  series: isText,
  seen: isListOf(hasFields<Seen>({ agent: isAgentRecord, isHere: isBoolean, silentMs: isNumber })),
});

export interface ReporterParts {
  readonly self: () => AgentRecord;
  readonly presence: Presence;
  /** Tell whoever leads now; resolves to its answer, undefined where there is none or it is this server. Never rejects. */
  readonly tellLeader: (method: string, request: unknown, timeoutMs: number) => Promise<unknown>;
  readonly newSeries: () => string;
  readonly clock: Clock;
}

export class PresenceReporter {
  readonly #parts: ReporterParts;
  readonly #changed = new Set<string>();
  #series = '';
  #number = 0;
  #isTelling = false;
  #timer: Timer | undefined;
  #isStopped = true;
  #telling: Promise<void> = Promise.resolve();

  constructor(parts: ReporterParts) {
    this.#parts = parts;
  }

  start(): void {
    this.#isStopped = false;
    this.#again(0);
  }

  stop(): void {
    this.#isStopped = true;
    this.#timer?.cancel();
  }

  /** Tell no more, and have the leader forget at once that this server was heard. Never rejects. */
  async leave(): Promise<void> {
    this.stop();
    await this.#telling;
    await this.#parts.tellLeader('presence-ends', { id: this.#parts.self().node.id }, ANSWER_MS);
  }

  /** Somebody came or went here. */
  changed(node: string): void {
    this.#changed.add(node);
    if (!this.#isTelling && !this.#isStopped) this.#again(GATHER_MS);
  }

  #again(delayMs: number): void {
    this.#timer?.cancel();
    this.#timer = this.#parts.clock.after(delayMs, () => {
      this.#telling = this.#tell();
    });
  }

  async #tell(): Promise<void> {
    this.#isTelling = true;
    const { self, presence, tellLeader, newSeries } = this.#parts;
    if (this.#series === '') {
      this.#series = newSeries();
      this.#number = 0;
      this.#changed.clear();
    }
    const sightings =
      this.#number === 0
        ? [...presence.sightings()].filter(({ isHere }) => isHere)
        : [...this.#changed].flatMap((node) => presence.of(node) ?? []);
    this.#changed.clear();
    const seen = sightings.map((sighting) => this.#seen(sighting));
    const report: Report = { server: self(), series: this.#series, number: this.#number, seen };
    const answer = (await tellLeader('presence', report, ANSWER_MS)) as { isTaken?: unknown } | undefined;
    this.#number += 1;
    const isTaken = answer?.isTaken === true;
    if (!isTaken) this.#series = '';
    this.#isTelling = false;
    if (!this.#isStopped) this.#again(isTaken && this.#changed.size > 0 ? GATHER_MS : REPORT_MS);
  }

  #seen({ agent, isHere, heardMs }: Sighting): Seen {
    return { agent, isHere, silentMs: this.#parts.clock.monotonic() - heardMs };
  }
}

interface Follower {
  server: AgentRecord;
  series: string;
  number: number;
  heardMs: number;
  readonly agents: Map<
    string,
    { readonly agent: AgentRecord; readonly isHere: boolean; readonly heardMs: number }
  >;
}

/** A sighting as it came; an orphan was connected when its server went. */
interface Reported extends Sighting {
  readonly isOrphan?: boolean;
}

/** Everybody that any server has seen, as the leader knows it. */
export class ReportedPresence {
  readonly #clock: Clock;
  readonly #own: Presence;
  readonly #requireLead: () => void;
  readonly #followers = new Map<string, Follower>();
  /** Agents by node whose server has left or begun anew. */
  readonly #orphans = new Map<string, Reported>();
  #onChange: (node: string) => void = () => {};

  /** `requireLead` throws no_leader where this server does not lead. */
  constructor(clock: Clock, own: Presence, requireLead: () => void) {
    this.#clock = clock;
    this.#own = own;
    this.#requireLead = requireLead;
  }

  onChange(listener: (node: string) => void): void {
    this.#onChange = listener;
  }

  methods(): Readonly<Record<'presence' | 'presence-ends', RpcMethod>> {
    return {
      presence: async (request) => {
        this.#requireLead();
        const fault = isReport(request, 'report');
        if (fault !== undefined) refuse('bad_request', fault);
        return { isTaken: this.#take(request as Report) };
      },
      'presence-ends': async (request) => {
        this.#requireLead();
        this.#forget(String((request as { id?: unknown } | null)?.id));
        return true;
      },
    };
  }

  *sightings(): Iterable<Sighting> {
    yield* this.#own.sightings();
    for (const [key, { heardMs }] of this.#orphans)
      if (this.#clock.monotonic() - heardMs > REMEMBER_MS) this.#orphans.delete(key);
    for (const [id, follower] of this.#followers) {
      if (this.#silentMs(follower) > REMEMBER_MS) {
        this.#followers.delete(id);
        continue;
      }
      yield this.#ofServer(follower);
      for (const seen of follower.agents.values()) yield this.#sightingOf(follower, seen);
    }
  }

  /** The best that is known of an agent by its node. */
  of(node: string): Sighting | undefined {
    const key = node.toLowerCase();
    let best: Reported | undefined = this.#own.of(key);
    const orphan = this.#orphans.get(key);
    if (orphan !== undefined) best = better(best, orphan);
    for (const follower of this.#followers.values()) {
      const seen = follower.agents.get(key);
      if (seen !== undefined) best = better(best, this.#sightingOf(follower, seen));
      if (follower.server.node.name.toLowerCase() === key) best = better(best, this.#ofServer(follower));
    }
    if (best?.isOrphan !== true) return best;
    return { ...best, heardMs: Math.min(best.heardMs + REATTACH_MS, this.#clock.monotonic()) };
  }

  #silentMs({ heardMs }: Follower): number {
    return this.#clock.monotonic() - heardMs;
  }

  #ofServer(follower: Follower): Sighting {
    return {
      agent: follower.server,
      isHere: this.#silentMs(follower) < SILENT_MS,
      heardMs: follower.heardMs,
    };
  }

  #sightingOf(follower: Follower, { agent, isHere, heardMs }: Sighting): Reported {
    if (!isHere) return { agent, isHere, heardMs };
    const isOrphan = this.#silentMs(follower) >= SILENT_MS;
    return {
      agent,
      isHere: !isOrphan,
      heardMs: isOrphan ? follower.heardMs : this.#clock.monotonic(),
      isOrphan,
    };
  }

  /** The agents of a server that does not know them any more; those that are still connected it will name again. */
  #orphan({ agents, heardMs }: Follower): void {
    for (const [key, { agent, isHere }] of agents)
      if (isHere) this.#orphans.set(key, { agent, isHere: false, heardMs, isOrphan: true });
  }

  #forget(id: string): void {
    const follower = this.#followers.get(id);
    if (follower === undefined) return;
    this.#followers.delete(id);
    this.#orphan(follower);
    for (const key of [follower.server.node.name.toLowerCase(), ...follower.agents.keys()])
      this.#onChange(key);
  }

  /** False when what was told before is not known here. */
  #take({ server, series, number, seen }: Report): boolean {
    const { id, name } = server.node;
    const nowMs = this.#clock.monotonic();
    const known = this.#followers.get(id);
    const isNext = known?.series === series && number === known.number + 1;
    if (number !== 0 && !isNext) return false;
    if (known !== undefined && !isNext) this.#orphan(known);
    const follower: Follower =
      isNext && known !== undefined ? known : { server, series, number, heardMs: nowMs, agents: new Map() };
    Object.assign(follower, { server, number, heardMs: nowMs });
    this.#followers.set(id, follower);
    for (const { agent, isHere, silentMs } of seen) {
      const key = agent.node.name.toLowerCase();
      follower.agents.set(key, { agent, isHere, heardMs: nowMs - silentMs });
      this.#onChange(key);
    }
    for (const [key, one] of follower.agents)
      if (!one.isHere && nowMs - one.heardMs > REMEMBER_MS) follower.agents.delete(key);
    if (known === undefined) this.#onChange(name.toLowerCase());
    return true;
  }
}

function better(one: Reported | undefined, other: Reported): Reported {
  if (one === undefined || one.isHere === other.isHere)
    return one !== undefined && one.heardMs > other.heardMs ? one : other;
  return one.isHere ? one : other;
}
