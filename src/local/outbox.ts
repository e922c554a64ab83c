/**
 * News of checks on their way to the catalog and the store.
 *
 * A change of status goes at once. A change of output alone waits (check_update_interval: half of it to one and a half,
 * at random, so that thousands of chatty checks do not write together). A TTL deadline that moved is stored with the
 * next round, one write for all. What could not be stored is tried again with every round.
 */
import type { CheckStatusCommand } from '../catalog/command.ts';
import type { Clock } from '../lib/clock.ts';
import type { Logger } from '../lib/logger.ts';
import type { Random } from '../lib/random.ts';
import type { Origin } from '../model/history-types.ts';
import type { CheckId } from '../model/types.ts';
import type { AgentState } from './agent-rules.ts';
import { type CatalogPort, isAway } from './catalog-port.ts';
import { type LocalCheck, storedState } from './local-check.ts';
import type { CheckStateCommand } from './registration-command.ts';

/** Time between two rounds in ms: a TTL deadline that a sudden end forgets is at most this old. */
export const ROUND_MS = 1_000;

export interface OutboxParts {
  readonly node: string;
  readonly keep: AgentState['writer']['submit'];
  readonly catalog: Pick<CatalogPort, 'submit'>;
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

  /** Store and publish status and output now, for whoever reported them. Rejects when that is refused; it is then tried again. */
  async push(check: LocalCheck, by?: Origin): Promise<void> {
    const { id } = check.definition;
    this.#outputDue.delete(id);
    this.#movedDeadlines.delete(id);
    try {
      await this.#send([check], [], by);
      this.#parts.log.info({ check: id }, 'Synced check');
    } catch (error) {
      this.#failed.add(id);
      if (!isAway(error)) throw error;
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
    const [news, states] = [this.#find(published), this.#find(moved)];
    for (const id of published) this.forget(id);
    this.#movedDeadlines.clear();
    if (news.length + states.length === 0) return;
    try {
      await this.#send(news, states);
      for (const check of published) this.#parts.log.info({ check }, 'Synced check');
    } catch (error) {
      for (const id of [...published, ...moved]) this.#failed.add(id);
      if (isAway(error)) return;
      this.#parts.log.warn(
        { err: error, checks: news.length + states.length },
        'results of checks could not be stored',
      );
    }
  }

  #find(ids: readonly CheckId[]): readonly LocalCheck[] {
    return ids.flatMap((id) => this.#parts.find(id) ?? []);
  }

  /** Store the state of all these checks, and show the catalog those with news, in one turn. Rejects when either fails. */
  async #send(news: readonly LocalCheck[], others: readonly LocalCheck[], reporter?: Origin): Promise<void> {
    const { keep, catalog, node } = this.#parts;
    const by = { agent: node, ...reporter };
    const states = [...news, ...others].map((check) => this.#state(check));
    const shown = news.map((check) => this.#status(check));
    await allDone([
      keep({ kind: 'all', commands: states }),
      ...(shown.length > 0 ? [catalog.submit({ kind: 'all', commands: shown, by })] : []),
    ]);
  }

  #status({ definition, status, output }: LocalCheck): CheckStatusCommand {
    return { kind: 'check-status', node: this.#parts.node, checkId: definition.id, status, output };
  }

  #state(check: LocalCheck): CheckStateCommand {
    return { kind: 'check-state', id: check.definition.id, state: storedState(check, this.#parts.clock) };
  }
}

/** Wait for all of them, then reject with the first failure if there is one. */
async function allDone(steps: readonly Promise<unknown>[]): Promise<void> {
  const failed = (await Promise.allSettled(steps)).find((step) => step.status === 'rejected');
  if (failed !== undefined) throw failed.reason;
}
