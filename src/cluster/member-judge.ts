/**
 * Who is alive: the one judgement about it, made on the leading server and nowhere else.
 *
 * An agent that is connected to any server is a member. One that nobody has heard for three seconds has failed: its node is
 * critical until it is heard again. Who has failed or left is remembered for `reconnect_timeout`. A new leader first gives
 * everybody as much time to be seen by it, and agents that nobody has seen yet the time to attend another server, because they may have
 * attended the leader of before. Verdicts are commands; what is decided is what the rows say, so that a verdict that
 * was not stored is simply made again.
 */
import type { Command } from '../catalog/command.ts';
import { checkKey, nodeKey, type View } from '../catalog/tables.ts';
import type { Clock, Timer } from '../lib/clock.ts';
import type { Logger } from '../lib/logger.ts';
import { isSame } from '../lib/same.ts';
import { SERF_HEALTH } from '../model/types.ts';
import type { AgentRecord } from './agent-messages.ts';
import {
  CATALOG_ID,
  type Member,
  memberFails,
  memberIsForgotten,
  memberIsRenamed,
  memberLives,
  tellHealth,
} from './member.ts';
import type { MemberTable } from './member-table.ts';
import { REATTACH_MS, type Sighting } from './presence.ts';

/** Silence in ms after which an agent has failed. */
const SILENCE_MS = 3_000;
const LOOK_MS = 250;
/** A look that comes later than this, ms, says that the process was held up. */
const STALL_MS = 1_000;
/** Time in ms between two looks at everything that others may have written meanwhile. */
const WHOLE_LOOK_MS = 30_000;

export interface JudgeParts {
  /** The leading server itself. */
  readonly self: () => AgentRecord;
  readonly table: MemberTable;
  readonly view: View;
  /** Every agent that any server has seen lately. */
  readonly sightings: () => Iterable<Sighting>;
  readonly sightingOf: (node: string) => Sighting | undefined;
  readonly submit: (command: Command) => Promise<unknown>;
  readonly reconnectTimeoutMs: () => number;
  readonly newId: () => string;
  readonly clock: Clock;
  readonly log: Logger;
}

export class MemberJudge {
  readonly #parts: JudgeParts;
  /** Nodes about which something is on its way to the store. */
  readonly #underWay = new Set<string>();
  #timer: Timer | undefined;
  #begunMs = 0;
  #lookedMs = 0;

  constructor(parts: JudgeParts) {
    this.#parts = parts;
  }

  /** The term of the leader begins. */
  begin(): void {
    this.#begunMs = this.#parts.clock.monotonic();
    this.#lookedMs = Number.NEGATIVE_INFINITY;
    this.#underWay.clear();
    this.#nameCatalog();
    this.#repeat();
  }

  /** Its first leader gives a catalog a name of its own, by which agents know it from any other. */
  #nameCatalog(): void {
    const { view, submit, newId, log } = this.#parts;
    if (view.settings.get(CATALOG_ID) !== undefined) return;
    submit({ kind: 'setting', name: CATALOG_ID, value: newId(), ifIndex: 0 }).catch((error: unknown) => {
      log.debug({ err: error }, 'the catalog has no name yet');
    });
  }

  end(): void {
    this.#timer?.cancel();
    this.#timer = undefined;
  }

  /** Somebody came or went: do not wait for the next look. */
  look(node: string): void {
    if (this.#timer === undefined) return;
    const sighting = this.#parts.sightingOf(node);
    if (sighting?.isHere) this.#requireAlive(sighting.agent);
  }

  #repeat(): void {
    const { clock } = this.#parts;
    const dueMs = clock.monotonic() + LOOK_MS;
    this.#timer = clock.after(LOOK_MS, () => {
      // A leader that was held up has heard nobody meanwhile, and nobody is silent for that.
      if (clock.monotonic() - dueMs > STALL_MS) this.#begunMs = clock.monotonic();
      this.#repeat();
      this.#lookAtAll();
    });
  }

  #lookAtAll(): void {
    const { clock, self, sightings, table } = this.#parts;
    const isWhole = clock.monotonic() - this.#lookedMs >= WHOLE_LOOK_MS;
    if (isWhole) this.#lookedMs = clock.monotonic();
    const own = nodeKey(self().node.name);
    if (isWhole || table.of(own)?.status !== 'alive') this.#requireAlive(self());
    for (const { agent, isHere } of sightings())
      if (isHere && (isWhole || table.of(agent.node.name)?.status !== 'alive')) this.#requireAlive(agent);
    for (const member of table.all()) if (nodeKey(member.agent.node.name) !== own) this.#judge(member);
  }

  /** An agent that is connected is alive, and the rows say so. */
  #requireAlive(agent: AgentRecord): void {
    const { table, clock, view, log } = this.#parts;
    const { name, id } = agent.node;
    const known = table.of(name);
    const old = table.withId(id);
    if (old !== undefined && old !== known && !this.#isHere(old))
      this.#carryOut(old.agent.node.name, memberIsRenamed(old));
    if (known?.status === 'alive' && isSame(known.agent, agent)) {
      const health = view.checks.get(checkKey(name, SERF_HEALTH));
      if (health?.status !== 'passing') this.#carryOut(name, tellHealth(agent, 'passing'));
      return;
    }
    if (known?.status !== 'alive') log.info({ node: name, address: agent.node.address }, 'member joined');
    this.#carryOut(name, memberLives(agent, clock.now()));
  }

  #isHere({ agent }: Member): boolean {
    return this.#parts.sightingOf(agent.node.name)?.isHere === true;
  }

  #judge(member: Member): void {
    const { clock, sightingOf, reconnectTimeoutMs, log } = this.#parts;
    const { name } = member.agent.node;
    if (member.status === 'alive' || member.status === 'leaving') {
      const sighting = sightingOf(name);
      if (sighting?.isHere) return;
      const heardMs = Math.max(sighting?.heardMs ?? this.#unseenSinceMs(member), this.#begunMs);
      if (clock.monotonic() - heardMs < SILENCE_MS || this.#underWay.has(nodeKey(name))) return;
      log.warn({ node: name }, 'member failed: nobody hears it any more');
      this.#carryOut(name, memberFails(member, clock.now()));
    } else if (clock.now() - member.sinceMs > reconnectTimeoutMs())
      this.#carryOut(name, memberIsForgotten(member));
  }

  /** From when on the silence of a member counts that nobody has seen in this term. Servers attend nobody. */
  #unseenSinceMs({ agent }: Member): number {
    return agent.tags['role'] === 'consul' ? this.#begunMs : this.#begunMs + REATTACH_MS;
  }

  /** One command about a node at a time; what could not be stored is decided again at the next look. */
  #carryOut(node: string, command: Command): void {
    const key = nodeKey(node);
    if (this.#underWay.has(key)) return;
    this.#underWay.add(key);
    this.#parts
      .submit(command)
      .catch((error: unknown) => {
        if (this.#timer !== undefined)
          this.#parts.log.warn({ err: error, node }, 'a verdict about a member could not be stored');
      })
      .finally(() => this.#underWay.delete(key));
  }
}
