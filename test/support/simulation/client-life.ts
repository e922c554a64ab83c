/**
 * One life of three servers and three client agents under faults, from a seed: the same seed gives the same life.
 */
import { CatalogWatch } from './catalog-watch.ts';
import { type ClientParts, newDisk, type SimulatedClient, startClient } from './client.ts';
import { stall } from './etcd-client.ts';
import { IDS, Life, storedIn, termOf, untilLevel, unwell } from './life.ts';
import { Programs } from './programs.ts';
import type { Outcome } from './run.ts';

const NAMES = ['c1', 'c2', 'c3'] as const;
/** Simulated time in ms with faults, and after them. */
const FAULTS_MS = 25_000;
const CALM_MS = 15_000;
const LONGEST_FAULT_MS = 7_000;

export interface ClientOutcome extends Outcome {
  /** How often something was compared that had to be right. */
  readonly compared: number;
}

/** A machine with a client agent. */
class Machine {
  readonly name: string;
  readonly programs: Programs;
  readonly #life: Life;
  readonly #disk = newDisk();
  #client: SimulatedClient | undefined;

  readonly #isRepaired: boolean;

  constructor(name: string, life: Life, isRepaired: boolean) {
    this.name = name;
    this.#life = life;
    this.#isRepaired = isRepaired;
    const { clock, random } = life;
    this.programs = new Programs(name, { clock, random, client: () => this.#client });
  }

  get client(): SimulatedClient | undefined {
    return this.#client;
  }

  async start(): Promise<void> {
    const { network, records } = this.#life;
    const servers = new Map([...records.values()].map(({ id, host }) => [host, id]));
    this.#client = await startClient(this.name, {
      network,
      disk: this.#disk,
      servers,
      isRepaired: this.#isRepaired,
    });
    this.programs.restarted(this.#client);
  }

  /** Kill the agent, and start it again after a while. */
  kill(ms: number): void {
    if (this.#client === undefined) return;
    this.#client.process.kill();
    this.#client = undefined;
    this.#life.clock.after(ms, () => void this.start());
  }
}

type Harm = readonly [what: string, act: () => void];

/** What can be done to a client agent, or to it and the server that it attends. */
function harmsOf(
  { name, client, kill }: Pick<Machine, 'name' | 'client' | 'kill'>,
  life: Life,
  ms: number,
): readonly Harm[] {
  const { network, clock } = life;
  const attended = client?.link.server ?? IDS[0];
  const later = (undo: () => void): void => void clock.after(ms, undo);
  const cut = (servers: readonly string[]): void => {
    for (const server of servers) network.cut(name, server);
    later(() => {
      for (const server of servers) network.heal(name, server);
    });
  };
  const process = client?.process;
  const server = life.servers.get(attended)?.process;
  return [
    [`kill ${name}`, () => kill(ms)],
    [
      `pause ${name}`,
      () => {
        process?.pause();
        later(() => process?.resume());
      },
    ],
    [`break the connections of ${name}`, () => client?.reset()],
    [`cut ${name} from ${attended}, which it attends`, () => cut([attended])],
    [`cut ${name} from all servers`, () => cut(IDS)],
    [`kill ${attended}, which ${name} attends`, () => life.kill(attended, ms)],
    [
      `pause ${attended}, which ${name} attends`,
      () => {
        server?.pause();
        later(() => server?.resume());
      },
    ],
    [
      `repeated commands, seen by ${name}`,
      () => {
        network.repeatShare = 0.3;
        later(() => {
          network.repeatShare = 0;
        });
      },
    ],
    ['the store without a quorum', () => stall(life.world, ms)],
    [
      'kill all servers',
      () => {
        for (const id of IDS) life.kill(id, life.random.below(ms));
      },
    ],
  ];
}

function harm(life: Life, machines: readonly Machine[]): void {
  const { random, clock, faults } = life;
  if (random.next() < 0.3) {
    life.harm();
    return;
  }
  const machine = machines[random.below(machines.length)] as Machine;
  const ms = 50 + random.below(LONGEST_FAULT_MS);
  const { name, client } = machine;
  const harms = harmsOf({ name, client, kill: (forMs) => machine.kill(forMs) }, life, ms);
  const [what, act] = harms[random.below(harms.length)] as Harm;
  faults.push(`${Math.round(clock.monotonic())} ms: ${what} for ${ms} ms`);
  act();
}

/** Live through the faults of a seed. */
export async function runClientSeed(
  seed: number,
  { isRepaired = true }: Pick<ClientParts, 'isRepaired'> = {},
): Promise<ClientOutcome> {
  const life = new Life(seed);
  const { clock, random, network } = life;
  for (const id of IDS) life.start(id);
  const machines = NAMES.map((name) => new Machine(name, life, isRepaired));
  await Promise.all(machines.map((machine) => machine.start()));
  const watched = machines.map((machine) => ({
    name: machine.name,
    programs: machine.programs,
    client: () => machine.client,
  }));
  const watch = new CatalogWatch(life, watched);
  watch.start();
  const running = Promise.all(machines.map(({ programs }) => programs.run()));
  await clock.pass(3_000);
  const endMs = clock.monotonic() + FAULTS_MS;
  while (clock.monotonic() < endMs) {
    harm(life, machines);
    await clock.pass(random.below(4_000));
  }
  network.calmDown();
  for (const { process } of life.servers.values()) process.resume();
  for (const { client } of machines) client?.process.resume();
  // What was done last has to become right without anything that comes after it.
  await clock.pass(random.below(2) * (CALM_MS / 3));
  for (const { programs } of machines) programs.isOver = true;
  await clock.pass(CALM_MS);
  await running;
  await untilLevel(life);
  const violations = [...watch.violations, ...network.bugs, ...unwell(life, await storedIn(life))];
  for (const { programs } of machines) violations.push(...programs.violations);
  const acknowledged = machines.reduce((sum, { programs }) => sum + programs.acknowledged, 0);
  return {
    seed,
    violations,
    acknowledged,
    terms: termOf(life),
    faults: life.faults,
    compared: watch.compared,
  };
}
