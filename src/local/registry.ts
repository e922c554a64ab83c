/**
 * What this agent runs now, in memory: services, checks, and which checks belong to which service.
 *
 * Only remembers; local.ts decides, stores and tells others. Every operation is O(1) or O(checks of one service).
 */
import type { CheckId, ServiceId } from '../model/types.ts';
import type { LocalCheck } from './local-check.ts';
import type { LocalService } from './registration.ts';

export class Registry {
  readonly #services = new Map<ServiceId, LocalService>();
  readonly #checks = new Map<CheckId, LocalCheck>();
  readonly #checksOf = new Map<ServiceId, Set<CheckId>>();

  get services(): ReadonlyMap<ServiceId, LocalService> {
    return this.#services;
  }

  get checks(): ReadonlyMap<CheckId, LocalCheck> {
    return this.#checks;
  }

  /** Ids of the checks of a service; empty when there are none. */
  checksOf(service: ServiceId): readonly CheckId[] {
    return [...(this.#checksOf.get(service) ?? [])];
  }

  putService(service: LocalService): void {
    this.#services.set(service.definition.id, service);
  }

  /** Insert or replace; a check that named another service before moves. */
  putCheck(check: LocalCheck): void {
    const { id, serviceId } = check.definition;
    const before = this.#checks.get(id);
    this.#checks.set(id, check);
    if (before?.definition.serviceId === serviceId) return;
    if (before) this.#detach(before);
    if (serviceId === '') return;
    const ids = this.#checksOf.get(serviceId);
    if (ids) ids.add(id);
    else this.#checksOf.set(serviceId, new Set([id]));
  }

  removeService(id: ServiceId): void {
    this.#services.delete(id);
  }

  removeCheck(id: CheckId): void {
    const before = this.#checks.get(id);
    if (!before) return;
    this.#checks.delete(id);
    this.#detach(before);
  }

  #detach({ definition: { id, serviceId } }: LocalCheck): void {
    const ids = this.#checksOf.get(serviceId);
    ids?.delete(id);
    if (ids?.size === 0) this.#checksOf.delete(serviceId);
  }
}
