/**
 * The programs of a simulated client agent: they register services, take them away, and report how they are; and remember
 * what they were told.
 *
 * One thing is done at a time. What was acknowledged is there after the agent was killed; of what was under way then, the
 * agent's disk tells.
 */
import { decodeService } from '../../../src/decode/definitions.ts';
import { type Clock, sleep } from '../../../src/lib/clock.ts';
import type { Random } from '../../../src/lib/random.ts';
import type { CheckStatus } from '../../../src/model/types.ts';
import type { SimulatedClient } from './client.ts';

const DEFAULTS = { outputMaxBytes: 4_096 };
const SERVICES = 4;
const LONGEST_PAUSE_MS = 1_500;
/** Now and then nobody asks for anything for as long as this, in ms, so that nothing new hides what was left undone. */
const IDLE_MS = 12_000;
/** Longer than a life: only reports change a check. */
const TTL = '1h';

/** A service as it was acknowledged. */
export interface Wanted {
  /** undefined: it was taken away. */
  readonly port: number | undefined;
  readonly status: CheckStatus;
  /** Since when nobody has asked for anything else, ms. */
  readonly sinceMs: number;
}

export const checkOf = (service: string): string => `check-of-${service}`;

export class Programs {
  readonly #clock: Clock;
  readonly #random: Random;
  readonly #client: () => SimulatedClient | undefined;
  readonly names: readonly string[];
  readonly violations: string[] = [];
  /** By service; one about which something is under way is missing. */
  readonly wanted = new Map<string, Wanted>();
  acknowledged = 0;
  #version = 0;
  isOver = false;

  constructor(
    name: string,
    parts: { clock: Clock; random: Random; client: () => SimulatedClient | undefined },
  ) {
    this.#clock = parts.clock;
    this.#random = parts.random;
    this.#client = parts.client;
    this.names = Array.from({ length: SERVICES }, (_, at) => `${name}-${at}`);
    for (const service of this.names)
      this.wanted.set(service, { port: undefined, status: 'critical', sinceMs: 0 });
  }

  async run(): Promise<void> {
    while (!this.isOver) {
      const client = this.#client();
      if (client?.process.isRunning) await this.#step(client);
      const isIdle = this.#random.next() < 0.1;
      await sleep(this.#clock, 1 + this.#random.below(isIdle ? IDLE_MS : LONGEST_PAUSE_MS));
    }
  }

  /** An agent is back with what its disk had. */
  restarted({ local }: SimulatedClient): void {
    for (const service of this.names) {
      const is = local.services().get(service as never)?.definition.port;
      const status = local.checks().get(checkOf(service) as never)?.status ?? 'critical';
      const was = this.wanted.get(service);
      if (was !== undefined && was.port !== is)
        this.violations.push(`${service} is ${is} after a restart, ${was.port} was acknowledged`);
      if (was !== undefined && was.port !== undefined && was.status !== status)
        this.violations.push(`${service} is ${status} after a restart, ${was.status} was acknowledged`);
      this.wanted.set(service, { port: is, status, sinceMs: this.#clock.monotonic() });
    }
  }

  async #step(client: SimulatedClient): Promise<void> {
    const service = this.names[this.#random.below(this.names.length)] as string;
    const was = this.wanted.get(service);
    if (was === undefined) return; // what became of it is known when the agent is back
    this.wanted.delete(service);
    const died = new Promise<'died'>((resolve) => client.process.onDeath(() => resolve('died')));
    const is = await Promise.race([this.#act(client, service, was), died]);
    if (is === 'died') return;
    this.acknowledged += 1;
    this.wanted.set(service, { ...is, sinceMs: this.#clock.monotonic() });
  }

  async #act(
    { local }: SimulatedClient,
    service: string,
    was: Wanted,
  ): Promise<Pick<Wanted, 'port' | 'status'>> {
    const lot = this.#random.next();
    if (was.port === undefined || lot < 0.2) {
      this.#version += 1;
      const port = this.#version;
      const check = { CheckID: checkOf(service), TTL, Status: 'passing' };
      const decoded = decodeService({ Name: service, Port: port, Check: check }, 'api', DEFAULTS);
      await local.registerService({ ...decoded, source: 'api' }, { replaceExistingChecks: false });
      const status = local.checks().get(check.CheckID as never)?.status ?? 'critical';
      return { port, status };
    }
    if (lot < 0.5) {
      await local.deregisterService(service);
      return { port: undefined, status: 'critical' };
    }
    const status = was.status === 'passing' ? 'critical' : 'passing';
    await local.updateTtl(checkOf(service), status, `version ${this.#version}`);
    return { port: was.port, status };
  }
}
