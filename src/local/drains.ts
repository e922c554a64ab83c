/**
 * Drains under way: services (or the node) that are in maintenance and on their way out.
 *
 * A drain begins when its mark is set: from then on nobody is sent there any more. It is over when its time is, or when a
 * check says that nothing is left (that check passes); then the service is deregistered if that was asked for, else it
 * stays in maintenance, safe to be restarted. What is under way is remembered over a restart of the agent.
 */
import type { Clock, Timer } from '../lib/clock.ts';
import type { Logger } from '../lib/logger.ts';
import type { Origin } from '../model/history-types.ts';
import type { CheckId, CheckStatus } from '../model/types.ts';

/** Time between two looks at the check of a drain, in ms. */
const LOOK_MS = 250;

export interface Drain {
  /** '' is the node. */
  readonly serviceId: string;
  /** Wall time in ms at which it is over at the latest. */
  readonly endsMs: number;
  /** The check that passes when nothing is left; '' is none. */
  readonly untilCheck: string;
  readonly deregister: boolean;
}

export interface DrainsParts {
  readonly clock: Clock;
  readonly log: Logger;
  /** Status of a check of this agent; undefined for one that it does not run. */
  readonly statusOf: (id: CheckId) => CheckStatus | undefined;
  readonly deregister: (serviceId: string, by: Origin) => Promise<boolean>;
  /** Remember what is under way. */
  readonly keep: (drains: readonly Drain[]) => Promise<unknown>;
}

export class Drains {
  readonly #parts: DrainsParts;
  readonly #underWay = new Map<string, { readonly drain: Drain; timer: Timer }>();

  constructor(parts: DrainsParts) {
    this.#parts = parts;
  }

  list(): readonly Drain[] {
    return Array.from(this.#underWay.values(), ({ drain }) => drain);
  }

  /** Begin one; an earlier one of the same service is forgotten. Resolves when it is remembered. */
  async begin(drain: Drain): Promise<void> {
    this.#watch(drain);
    await this.#remember();
  }

  /** The service is back in, or gone. */
  async cancel(serviceId: string): Promise<void> {
    if (this.#forget(serviceId)) await this.#remember();
  }

  /** Go on with what was under way when the agent ended. */
  resume(drains: readonly Drain[]): void {
    for (const drain of drains) this.#watch(drain);
  }

  stop(): void {
    for (const { timer } of this.#underWay.values()) timer.cancel();
  }

  #watch(drain: Drain): void {
    this.#forget(drain.serviceId);
    this.#underWay.set(drain.serviceId, { drain, timer: this.#nextLook(drain) });
  }

  #nextLook(drain: Drain): Timer {
    const { clock } = this.#parts;
    const leftMs = Math.max(drain.endsMs - clock.now(), 0);
    const waitMs = drain.untilCheck === '' ? leftMs : Math.min(leftMs, LOOK_MS);
    return clock.after(waitMs, () => this.#look(drain));
  }

  #look(drain: Drain): void {
    const { clock, statusOf } = this.#parts;
    const underWay = this.#underWay.get(drain.serviceId);
    if (underWay?.drain !== drain) return;
    const isEmpty = drain.untilCheck !== '' && statusOf(drain.untilCheck as CheckId) === 'passing';
    if (isEmpty || clock.now() >= drain.endsMs)
      void this.#end(drain, isEmpty ? 'nothing is left' : 'its time is over');
    else underWay.timer = this.#nextLook(drain);
  }

  async #end(drain: Drain, why: string): Promise<void> {
    const { log, deregister } = this.#parts;
    const { serviceId } = drain;
    this.#forget(serviceId);
    try {
      if (drain.deregister && serviceId !== '') await deregister(serviceId, { why: `drained: ${why}` });
      log.info({ service: serviceId }, `drained: ${why}`);
    } catch (error) {
      log.warn(
        { err: error, service: serviceId },
        'a drained service could not be deregistered; trying again',
      );
      this.#underWay.set(serviceId, {
        drain,
        timer: this.#parts.clock.after(LOOK_MS, () => this.#look(drain)),
      });
      return;
    }
    await this.#remember();
  }

  async #remember(): Promise<void> {
    try {
      await this.#parts.keep(this.list());
    } catch (error) {
      this.#parts.log.warn(
        { err: error },
        'drains under way could not be stored: a restart would forget them',
      );
    }
  }

  #forget(serviceId: string): boolean {
    this.#underWay.get(serviceId)?.timer.cancel();
    return this.#underWay.delete(serviceId);
  }
}
