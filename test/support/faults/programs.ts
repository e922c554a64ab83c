/**
 * Programs of a real client agent: they register services with it, take them away and report how they are, and remember
 * what they were told. What was acknowledged has to be with the agent, in the catalog, and in the DNS of another agent.
 */
import { Resolver } from 'node:dns/promises';
import http from 'node:http';
import { setTimeout as delay } from 'node:timers/promises';
import { ask } from './ask.ts';
import type { ServerProcess } from './server-process.ts';

const SERVICES = 4;
const PAUSE_MS = 300;
const ANSWER_MS = 8_000;
/** Time in ms within which everything has to be right after a fault. */
const RIGHT_MS = 5_000;

interface Wanted {
  /** 0: it was taken away. */
  readonly port: number;
  readonly isPassing: boolean;
}

const GONE: Wanted = { port: 0, isPassing: false };
const textOf = ({ port, isPassing }: Wanted): string =>
  port === 0 ? 'gone' : `port ${port}, ${isPassing ? 'passing' : 'critical'}`;

export class Programs {
  readonly agent: ServerProcess;
  readonly #random: () => number;
  readonly #http = new http.Agent({ keepAlive: true });
  /** By service. One of which nobody knows what became of it is missing. */
  readonly wanted = new Map<string, Wanted>();
  acknowledged = 0;
  #version = 0;
  #isPaused = false;
  #isIdle = true;
  #isOver = false;

  constructor(agent: ServerProcess, random: () => number) {
    this.agent = agent;
    this.#random = random;
    for (let at = 0; at < SERVICES; at += 1) this.wanted.set(`${agent.name}-${at}`, GONE);
  }

  async run(): Promise<void> {
    const names = [...this.wanted.keys()];
    while (!this.#isOver) {
      const name = names[Math.floor(this.#random() * names.length)] ?? '';
      this.#isIdle = this.#isPaused || !this.agent.isUp;
      if (!this.#isIdle) await this.#step(name);
      this.#isIdle = true;
      await delay(1 + this.#random() * PAUSE_MS);
    }
    this.#http.destroy();
  }

  stop(): void {
    this.#isOver = true;
  }

  /** Ask for nothing any more; resolves when nothing is under way. */
  async pause(): Promise<void> {
    this.#isPaused = true;
    while (!this.#isIdle) await delay(10);
  }

  resume(): void {
    this.#isPaused = false;
  }

  /** What the agent itself has that is not what was acknowledged; of what nobody knew, it tells. */
  async wrongAtAgent(): Promise<string | undefined> {
    const services = await ask(this.#http, `${this.agent.httpUrl}/v1/agent/services`);
    const checks = await ask(this.#http, `${this.agent.httpUrl}/v1/agent/checks`);
    if (services.status !== 200 || checks.status !== 200) return `${this.agent.name} does not answer`;
    const ports = JSON.parse(services.body) as Record<string, { readonly Port: number }>;
    const statuses = JSON.parse(checks.body) as Record<string, { readonly Status: string }>;
    for (let at = 0; at < SERVICES; at += 1) {
      const name = `${this.agent.name}-${at}`;
      const port = ports[name]?.Port ?? 0;
      const is = port === 0 ? GONE : { port, isPassing: statuses[`check-${name}`]?.Status === 'passing' };
      const was = this.wanted.get(name) ?? is;
      if (textOf(is) !== textOf(was))
        return `${name} is ${textOf(is)} with its agent, ${textOf(was)} was acknowledged`;
      this.wanted.set(name, is);
    }
    return undefined;
  }

  async #step(name: string): Promise<void> {
    const was = this.wanted.get(name);
    if (was === undefined) return;
    this.wanted.delete(name);
    const is = await this.#act(name, was);
    if (is === undefined) return;
    this.acknowledged += 1;
    this.wanted.set(name, is);
  }

  /** What it is then; undefined when that was not said. */
  async #act(name: string, was: Wanted): Promise<Wanted | undefined> {
    const lot = this.#random();
    if (was.port === 0 || lot < 0.2) {
      this.#version += 1;
      const Check = { CheckID: `check-${name}`, TTL: '1h', Status: 'passing' };
      const body = JSON.stringify({ Name: name, Port: this.#version, Check });
      const isDone = await this.#put('service/register', body);
      // An instance that is registered again keeps the status that its check has.
      return isDone ? { port: this.#version, isPassing: was.port === 0 || was.isPassing } : undefined;
    }
    if (lot < 0.5) return (await this.#put(`service/deregister/${name}`)) ? GONE : undefined;
    const isPassing = !was.isPassing;
    const report = `check/${isPassing ? 'pass' : 'fail'}/check-${name}`;
    return (await this.#put(report)) ? { ...was, isPassing } : undefined;
  }

  async #put(path: string, body = ''): Promise<boolean> {
    const url = `${this.agent.httpUrl}/v1/agent/${path}`;
    const { status } = await ask(this.#http, url, { method: 'PUT', body, timeoutMs: ANSWER_MS });
    return status === 200;
  }
}

interface HealthDocument {
  readonly Service: { readonly Port: number };
  readonly Checks: readonly { readonly CheckID: string; readonly Status: string }[];
}

/** What a server shows of a service, instances beyond the first one included. */
async function shownBy(agent: http.Agent, url: string, name: string): Promise<string> {
  const { status, body } = await ask(agent, `${url}/v1/health/service/${name}?consistent`);
  if (status !== 200) return `status ${status}`;
  const found = (JSON.parse(body) as HealthDocument[]).map(({ Service, Checks }) => {
    const isPassing = Checks.find(({ CheckID }) => CheckID === `check-${name}`)?.Status === 'passing';
    return textOf({ port: Service.Port, isPassing });
  });
  return found.length === 0 ? 'gone' : found.join(' and ');
}

async function portsInDns(address: string, name: string): Promise<string> {
  const resolver = new Resolver({ timeout: 2_000, tries: 1 });
  resolver.setServers([`${address}:8600`]);
  try {
    const found = await resolver.resolveSrv(`${name}.service.consul`);
    return found.map(({ port }) => port).join(' and ');
  } catch (error) {
    const { code = '' } = error as NodeJS.ErrnoException;
    return ['ENOTFOUND', 'ENODATA'].includes(code) ? 'none' : code;
  }
}

/** What is wrong anywhere with what programs were told; undefined when nothing is. */
async function whatIsWrong(
  agent: http.Agent,
  all: readonly Programs[],
  servers: readonly ServerProcess[],
): Promise<string | undefined> {
  for (const programs of all) {
    const fault = await programs.wrongAtAgent();
    if (fault !== undefined) return fault;
    for (const [name, wanted] of programs.wanted) {
      for (const server of servers) {
        const shown = await shownBy(agent, server.httpUrl, name);
        if (shown !== textOf(wanted)) return `${server.name} has ${name}: ${shown}, not ${textOf(wanted)}`;
      }
      const expected = wanted.isPassing ? String(wanted.port) : 'none';
      for (const { agent: other } of all) {
        const found = await portsInDns(other.place.address, name);
        if (found !== expected) return `DNS of ${other.name} has ${name}: ${found}, not ${expected}`;
      }
    }
  }
  return undefined;
}

/** Wait until everybody shows what programs were told. What is wrong still when the time is over, as text. */
export async function untilRight(
  all: readonly Programs[],
  servers: readonly ServerProcess[],
): Promise<string | undefined> {
  const agent = new http.Agent({ keepAlive: true });
  await Promise.all(all.map((programs) => programs.pause()));
  const untilMs = performance.now() + RIGHT_MS;
  let wrong: string | undefined;
  do wrong = await whatIsWrong(agent, all, servers);
  while (wrong !== undefined && performance.now() < untilMs && (await delay(50, true)));
  for (const programs of all) programs.resume();
  agent.destroy();
  return wrong;
}
