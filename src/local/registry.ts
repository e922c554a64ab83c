/**
 * What this agent runs now: the installed rows of its store, and of each check what lives beside its row.
 *
 * Rows come in through `restore` and `install` only; what lives is the last result and the deadline of a TTL, which are
 * ahead of the row until they are stored. Says which checks have to be run from now on; local.ts tells the scheduler.
 */
import type { Applied } from '../catalog/state.ts';
import type { Clock } from '../lib/clock.ts';
import { isSame } from '../lib/same.ts';
import type { CheckId, LocalCheckRow, LocalServiceRow, ServiceId } from '../model/types.ts';
import type { AgentKinds, AgentView } from './agent-tables.ts';
import { checkOfRow, type LocalCheck, redefined, restoredCheck } from './local-check.ts';
import type { ChecksChange, StartedCheck } from './registration.ts';

export class Registry {
  readonly #services = new Map<ServiceId, LocalServiceRow>();
  readonly #checks = new Map<CheckId, LocalCheck>();
  readonly #clock: Clock;

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  get services(): ReadonlyMap<ServiceId, LocalServiceRow> {
    return this.#services;
  }

  get checks(): ReadonlyMap<CheckId, LocalCheck> {
    return this.#checks;
  }

  /** Take up what was stored before this process. */
  restore({ localServices, localChecks }: AgentView): void {
    for (const row of localServices.values()) this.#services.set(row.definition.id, row);
    for (const row of localChecks.values())
      this.#checks.set(row.definition.id, restoredCheck(row, this.#clock));
  }

  /** Take over an installed write: which checks it starts, again where their definition changed, and which it stops. */
  install(applied: readonly Applied<AgentKinds>[]): ChecksChange {
    const started: StartedCheck[] = [];
    const stopped: CheckId[] = [];
    for (const { table, before, after } of applied) {
      if (table === 'localServices')
        this.#installService(before as LocalServiceRow, after as LocalServiceRow);
      if (table !== 'localChecks') continue;
      const row = after as LocalCheckRow | undefined;
      const id = (row ?? (before as LocalCheckRow)).definition.id;
      if (row !== undefined) started.push(...this.#installCheck(row, before as LocalCheckRow | undefined));
      else if (this.#checks.delete(id)) stopped.push(id);
    }
    return { started, stopped };
  }

  /** Replace what lives of a check. One that is not there any more is left alone. */
  live(check: LocalCheck): void {
    const { id } = check.definition;
    if (this.#checks.has(id)) this.#checks.set(id, check);
  }

  #installService(before: LocalServiceRow | undefined, after: LocalServiceRow | undefined): void {
    if (after !== undefined) this.#services.set(after.definition.id, after);
    else if (before !== undefined) this.#services.delete(before.definition.id);
  }

  #installCheck(row: LocalCheckRow, before: LocalCheckRow | undefined): readonly StartedCheck[] {
    const { definition, source } = row;
    const known = this.#checks.get(definition.id);
    const isRedefined = before === undefined || !isSame(before.definition, definition);
    if (known !== undefined && !isRedefined) {
      this.#checks.set(definition.id, { ...known, source });
      return [];
    }
    const check = known ? redefined(known, definition, source, this.#clock) : checkOfRow(row, this.#clock);
    this.#checks.set(definition.id, check);
    return definition.probe.kind === 'none' ? [] : [{ check, isRestored: false }];
  }
}
