/**
 * Looks all the time whether the catalog says what client agents were asked for, and whether other agents see the same.
 *
 * What was acknowledged may be missing, and what was taken away may be there, for as long as something kept the agent from
 * the servers, and for five seconds after that; never longer, and never is anything there twice.
 */
import { checkKey, serviceKey, type View } from '../../../src/catalog/tables.ts';
import { serviceTopic } from '../../../src/catalog/topics.ts';
import { SERF_HEALTH } from '../../../src/model/types.ts';
import type { SimulatedClient } from './client.ts';
import type { Life } from './life.ts';
import { checkOf, type Programs, type Wanted } from './programs.ts';
import type { SimulatedServer } from './server.ts';

const LOOK_MS = 100;
const GRACE_MS = 5_000;
const MOST_VIOLATIONS = 10;
/** As many servers as there have to be: one may always be lost, and nobody has to notice. */
const MAJORITY = 2;

export interface Watched {
  readonly name: string;
  readonly programs: Programs;
  readonly client: () => SimulatedClient | undefined;
}

export class CatalogWatch {
  readonly #life: Life;
  readonly #clients: readonly Watched[];
  /** Since when nothing keeps an agent from the servers, ms. */
  readonly #wellSinceMs = new Map<string, number>();
  readonly violations = new Set<string>();
  /** How often something was compared that had to be right. */
  compared = 0;

  constructor(life: Life, clients: readonly Watched[]) {
    this.#life = life;
    this.#clients = clients;
  }

  start(): void {
    this.#look();
    this.#life.clock.after(LOOK_MS, () => this.start());
  }

  /** A server that leads and can. */
  leader(): SimulatedServer | undefined {
    return [...this.#life.servers.values()].find((server) => {
      const { process, candidate } = server;
      return (
        candidate.standing.kind === 'leader' &&
        process.isRunning &&
        !this.#isCut(process.name, `store of ${process.name}`)
      );
    });
  }

  #isCut(one: string, other: string): boolean {
    return this.#life.network.isCut(one, other);
  }

  /** Whether a server can do what an agent asks of it. */
  #serves({ process }: SimulatedServer, leader: SimulatedServer): boolean {
    const { name } = process;
    if (!process.isRunning || this.#isCut(name, `store of ${name}`)) return false;
    return name === leader.process.name || !this.#isCut(name, leader.process.name);
  }

  #isKeptAway({ name, client }: Watched, leader: SimulatedServer | undefined): boolean {
    const { network, world, servers } = this.#life;
    if (client()?.process.isRunning !== true || leader === undefined) return true;
    if (world.stalledUntilMs > network.clock.monotonic()) return true;
    if (network.lossShare > 0 || network.isSlow) return true;
    // What it is told goes to the leader by way of the server that it attends, and it cannot know.
    const attended = client()?.link.server;
    if (attended !== undefined && this.#isCut(attended, leader.process.name)) return true;
    const usable = [...servers.values()].filter(
      (server) => this.#serves(server, leader) && !this.#isCut(name, server.process.name),
    );
    return usable.length < MAJORITY;
  }

  #look(): void {
    const nowMs = this.#life.clock.monotonic();
    const leader = this.leader();
    for (const each of this.#clients)
      if (this.#isKeptAway(each, leader)) this.#wellSinceMs.set(each.name, nowMs);
    for (const { state } of this.#life.servers.values()) this.#lookForDoubles(state.view);
    if (leader === undefined) return;
    for (const each of this.#clients) this.#lookAt(each, leader, nowMs);
  }

  #isDue(nowMs: number, sinceMs: number, ...names: readonly string[]): boolean {
    const wellSinceMs = Math.max(sinceMs, ...names.map((name) => this.#wellSinceMs.get(name) ?? 0));
    return nowMs - wellSinceMs > GRACE_MS;
  }

  #note(what: string): void {
    if (this.violations.size < MOST_VIOLATIONS)
      this.violations.add(`${Math.round(this.#life.clock.monotonic())} ms: ${what}`);
  }

  #lookForDoubles(view: View): void {
    for (const { programs } of this.#clients)
      for (const service of programs.names)
        if ([...view.services.by('name', service)].length > 1) this.#note(`${service} is there twice`);
  }

  #lookAt(each: Watched, { state: { view } }: SimulatedServer, nowMs: number): void {
    const { name, programs } = each;
    for (const [service, wanted] of programs.wanted) {
      if (!this.#isDue(nowMs, wanted.sinceMs, name)) continue;
      this.compared += 1;
      const wrong = this.#wrongIn(view, name, service, wanted);
      if (wrong !== undefined) this.#note(`the catalog has ${wrong}`);
      this.#lookThrough(each, service, wanted, nowMs);
    }
    if (!this.#isDue(nowMs, 0, name)) return;
    const health = view.checks.get(checkKey(name, SERF_HEALTH))?.status;
    if (health !== 'passing') this.#note(`${name} is ${health}, and it lives`);
    for (const { id } of view.services.by('node', name))
      if (!programs.names.includes(id))
        this.#note(`the catalog has ${id} on ${name}, which nobody registered`);
  }

  #wrongIn(view: View, node: string, service: string, { port, status }: Wanted): string | undefined {
    const row = view.services.get(serviceKey(node, service));
    if (row?.port !== port) return `${service} with port ${row?.port}, not ${port}`;
    const check = view.checks.get(checkKey(node, checkOf(service)));
    if (port === undefined && check !== undefined) return `a check of ${service}, which is gone`;
    if (port !== undefined && check?.status !== status)
      return `${service} as ${check?.status}, not ${status}`;
    return undefined;
  }

  /** As another agent shows it to who asks there. */
  #lookThrough({ name }: Watched, service: string, wanted: Wanted, nowMs: number): void {
    const topic = serviceTopic(service);
    for (const { name: other, client } of this.#clients) {
      const agent = client();
      if (other === name || agent === undefined || !this.#isDue(nowMs, wanted.sinceMs, name, other)) continue;
      if (!agent.subscriptions.use(topic)) {
        void agent.subscriptions.fetch(topic).then((isHere) => {
          if (!isHere && agent.process.isRunning && this.#isDue(this.#life.clock.monotonic(), nowMs, other))
            this.#note(`${other} could not find out about ${service}`);
        });
        continue;
      }
      this.compared += 1;
      const wrong = this.#wrongIn(agent.mirror.state.view, name, service, wanted);
      if (wrong !== undefined) this.#note(`${other} shows ${wrong}`);
    }
  }
}
