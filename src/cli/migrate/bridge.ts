/**
 * Keeps what one agent has registered equal to the instances of another side, and their TTL checks alive as long as their health
 * is known. Nobody has to be told when that ends: the checks run out, and the instances are critical, as they are when their
 * own agent is gone.
 */

import type { Clock } from '../../lib/clock.ts';
import { AppError } from '../../model/errors.ts';
import type { Client } from '../client.ts';
import {
  BRIDGED_FROM,
  type BridgedInstance,
  bridgedInstance,
  checkIdOf,
  type HealthEntry,
  isShown,
} from './bridged-instances.ts';
import type { Sides } from './pass.ts';

export interface BridgeOptions {
  /** Address of the source, which marks what this bridge shows. */
  readonly from: string;
  readonly ttlMs: number;
  /** Names of services; none means all. */
  readonly services: readonly string[];
  readonly clock: Pick<Clock, 'monotonic'>;
}

/** What a pass changed. */
export interface BridgeChanges {
  readonly shown: number;
  readonly added: number;
  readonly removed: number;
}

/** What an agent was last told of an instance. */
interface Told {
  readonly service: string;
  health: string;
  healthAtMs: number;
}

/** Health that is unchanged is said again this many times while it counts. */
const SAID_PER_TTL = 6;

/** Requests that are under way at once. */
const AT_ONCE = 8;

/** The service of the servers themselves, which each side has of its own. */
const SERVERS = 'consul';

/** Do all of these, a few at a time, however many fail. Rejects with the first failure, once all have been tried. */
async function each<T>(items: readonly T[], work: (item: T) => Promise<void>): Promise<void> {
  const rest = items.values();
  const failures: unknown[] = [];
  const worker = async (): Promise<void> => {
    for (const item of rest) await work(item).catch((error: unknown) => void failures.push(error));
  };
  await Promise.all(Array.from({ length: AT_ONCE }, worker));
  if (failures.length > 0) throw failures[0];
}

async function instancesOf(source: Client, options: BridgeOptions): Promise<Map<string, BridgedInstance>> {
  const all = Object.keys(await source.get<Record<string, unknown>>('/v1/catalog/services'));
  const names = all.filter(
    (name) => name !== SERVERS && (options.services.length === 0 || options.services.includes(name)),
  );
  const instances = new Map<string, BridgedInstance>();
  await each(names, async (name) => {
    const entries = await source.get<readonly HealthEntry[]>(
      `/v1/health/service/${encodeURIComponent(name)}`,
    );
    for (const entry of entries.filter(isShown)) {
      const instance = bridgedInstance(entry, options.from, options.ttlMs);
      instances.set(instance.id, instance);
    }
  });
  return instances;
}

/** Ids of what this bridge, or one before it from the same source, has registered at the target. */
async function registeredAt(target: Client, from: string): Promise<ReadonlySet<string>> {
  type Services = Readonly<Record<string, { readonly ID: string; readonly Meta?: Record<string, string> }>>;
  const services = Object.values(await target.get<Services>('/v1/agent/services'));
  return new Set(services.filter(({ Meta }) => Meta?.[BRIDGED_FROM] === from).map(({ ID }) => ID));
}

async function deregister(target: Client, ids: readonly string[]): Promise<void> {
  await each(ids, async (id) => {
    await target.ok('PUT', `/v1/agent/service/deregister/${encodeURIComponent(id)}`);
  });
}

export class Bridge {
  readonly #sides: Sides;
  readonly #options: BridgeOptions;
  readonly #told = new Map<string, Told>();

  constructor(sides: Sides, options: BridgeOptions) {
    this.#sides = sides;
    this.#options = options;
  }

  /** Show what the source has now. Rejects with AppError when a side cannot be read or written. */
  async pass(): Promise<BridgeChanges> {
    const { source, target } = this.#sides;
    const instances = await instancesOf(source, this.#options);
    const registered = await registeredAt(target, this.#options.from);
    const gone = [...registered].filter((id) => !instances.has(id));
    await deregister(target, gone);
    for (const id of this.#told.keys()) if (!instances.has(id)) this.#told.delete(id);
    await each([...instances.values()], (instance) => this.#show(instance, registered));
    const added = [...instances.keys()].filter((id) => !registered.has(id)).length;
    return { shown: instances.size, added, removed: gone.length };
  }

  /** Take back what this bridge shows. Rejects with AppError. */
  async end(): Promise<void> {
    const { target } = this.#sides;
    await deregister(target, [...(await registeredAt(target, this.#options.from))]);
  }

  async #show(instance: BridgedInstance, registered: ReadonlySet<string>): Promise<void> {
    const { target } = this.#sides;
    const { id, registration } = instance;
    const { Check: _, ...service } = registration as { readonly Check: object };
    const text = JSON.stringify(service);
    if (this.#told.get(id)?.service !== text || !registered.has(id)) {
      await target.ok('PUT', '/v1/agent/service/register', { body: JSON.stringify(registration) });
      this.#told.set(id, { service: text, health: '', healthAtMs: Number.NEGATIVE_INFINITY });
    }
    await this.#sayHealth(instance);
  }

  async #sayHealth({ id, status, output }: BridgedInstance): Promise<void> {
    const { ttlMs, clock } = this.#options;
    const told = this.#told.get(id);
    const body = JSON.stringify({ Status: status, Output: output });
    const nowMs = clock.monotonic();
    if (told === undefined || (told.health === body && nowMs - told.healthAtMs < ttlMs / SAID_PER_TTL))
      return;
    try {
      await this.#sides.target.ok('PUT', `/v1/agent/check/update/${encodeURIComponent(checkIdOf(id))}`, {
        body,
      });
      told.health = body;
      told.healthAtMs = nowMs;
    } catch (error) {
      this.#told.delete(id); // somebody took its check away: the next pass registers both again
      throw error;
    }
  }
}

/** Why a pass failed, in a line. Throws what is a bug. */
export function whyFailed(error: unknown): string {
  if (error instanceof AppError) return error.message;
  throw error;
}
