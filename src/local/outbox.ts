/**
 * News of checks on their way to the catalog and the store.
 *
 * A change of status goes at once. A change of output alone waits (check_update_interval: half of it to one and a half,
 * at random, so that thousands of chatty checks do not write together). A TTL deadline that moved is stored with the
 * next round, one write for all. What could not be stored is tried again with every round.
 */
import type { CheckStatusCommand, Command, LocalCheckStateCommand } from '../catalog/command.ts';
import type { Writer } from '../catalog/writer.ts';
import type { Clock } from '../lib/clock.ts';
import type { Logger } from '../lib/logger.ts';
import type { Random } from '../lib/random.ts';
import type { CheckId } from '../model/types.ts';
import { type LocalCheck, storedState } from './local-check.ts';

/** Time between two rounds in ms: a TTL deadline that a sudden end forgets is at most this old. */
export const ROUND_MS = 1_000;

export interface OutboxParts {
  readonly node: string;
  readonly writer: Pick<Writer, 'submit'>;
  readonly clock: Clock;
  readonly random: Random;
  readonly log: Logger;
  /** The check of this moment; undefined when it was removed. */
  readonly find: (id: CheckId) => LocalCheck | undefined;
}

export class Outbox {
  readonly #parts: OutboxParts;
  /** Checks with an output that is not in the catalog, and the monotonic time when it is due. */
  readonly #outputDue = new Map<CheckId, number>();
  readonly #movedDeadlines = new Set<CheckId>();
  readonly #failed = new Set<CheckId>();

  constructor(parts: OutboxParts) {
    this.#parts = parts;
  }

  /** Checks whose output may still differ from the catalog's. */
  get deferred(): ReadonlySet<CheckId> {
    return new Set(this.#outputDue.keys());
  }

  /** Store and publish status and output now. Rejects when that cannot be done; it is then tried again. */
  async push(check: LocalCheck): Promise<void> {
    const { id } = check.definition;
    this.#outputDue.delete(id);
    this.#movedDeadlines.delete(id);
    try {
      await this.#parts.writer.submit({ kind: 'all', commands: this.#news(check) });
      this.#parts.log.info({ check: id }, 'Synced check');
    } catch (error) {
      this.#failed.add(id);
      throw error;
    }
  }

  /** Publish the output within one and a half times `intervalMs`; a date that is set already stays. */
  deferOutput(id: CheckId, intervalMs: number): void {
    if (this.#outputDue.has(id)) return;
    const delayMs = intervalMs * (0.5 + this.#parts.random.next());
    this.#outputDue.set(id, this.#parts.clock.monotonic() + delayMs);
  }

  /** Store the TTL deadline with the next round. */
  deadlineMoved(id: CheckId): void {
    this.#movedDeadlines.add(id);
  }

  forget(id: CheckId): void {
    this.#outputDue.delete(id);
    this.#movedDeadlines.delete(id);
    this.#failed.delete(id);
  }

  /** Do what is due. Never rejects; what fails stays for the next round. */
  async round(): Promise<void> {
    const now = this.#parts.clock.monotonic();
    const due = [...this.#outputDue].filter(([, dueMs]) => dueMs <= now).map(([id]) => id);
    const published = [...new Set([...this.#failed, ...due])];
    const moved = [...this.#movedDeadlines].filter((id) => !published.includes(id));
    const commands: Command[] = [
      ...this.#find(published).flatMap((check) => this.#news(check)),
      ...this.#find(moved).map((check) => this.#state(check)),
    ];
    for (const id of published) this.forget(id);
    this.#movedDeadlines.clear();
    if (commands.length === 0) return;
    try {
      await this.#parts.writer.submit({ kind: 'all', commands });
      for (const check of published) this.#parts.log.info({ check }, 'Synced check');
    } catch (error) {
      for (const id of [...published, ...moved]) this.#failed.add(id);
      this.#parts.log.warn({ err: error, checks: commands.length }, 'results of checks could not be stored');
    }
  }

  #find(ids: readonly CheckId[]): readonly LocalCheck[] {
    return ids.flatMap((id) => this.#parts.find(id) ?? []);
  }

  #news(check: LocalCheck): readonly [CheckStatusCommand, LocalCheckStateCommand] {
    const { definition, status, output } = check;
    return [
      { kind: 'check-status', node: this.#parts.node, checkId: definition.id, status, output },
      this.#state(check),
    ];
  }

  #state(check: LocalCheck): LocalCheckStateCommand {
    return {
      kind: 'local-check-state',
      id: check.definition.id,
      state: storedState(check, this.#parts.clock),
    };
  }
}
