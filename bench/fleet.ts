/**
 * Thousands of client agents on three real servers: agents are simulated, their connections are not.
 *
 *     node bench/fleet.ts 5000
 *
 * Each agent attends a server as a client agent does (cluster/server-link.ts), registers one service with a check, and
 * stays. Told are: the joining storm, the load of doing nothing, of a hundred status changes a second, and what a killed
 * server does to its agents; beside all of it the time that DNS takes on a server that lives. Agents and servers share the
 * machine, so the times are upper bounds.
 */
import dgram from 'node:dgram';
import fs from 'node:fs';
import { monitorEventLoopDelay } from 'node:perf_hooks';
import { setTimeout as delay } from 'node:timers/promises';
import type { AgentRecord } from '../src/cluster/agent-messages.ts';
import { ServerLink } from '../src/cluster/server-link.ts';
import { systemClock } from '../src/lib/clock.ts';
import { silentLogger } from '../src/lib/logger.ts';
import { systemRandom } from '../src/lib/random.ts';
import type { NodeName } from '../src/model/types.ts';
import { RpcConnection } from '../src/rpc/rpc-connection.ts';
import { ClusterAgent } from '../test/support/cluster-agents.ts';

const COUNT = Number(process.argv[2] ?? 5_000);
const ADDRESSES = ['127.13.30.1', '127.13.30.2', '127.13.30.3'];
const SERVERS = ADDRESSES.map((host, i) => ({ name: `s${i + 1}`, host, port: 8300 }));
/** All agents of the fleet have one address. */
const NO_LIMIT = ['-hcl', 'limits { rpc_max_conns_per_client = 0 }'];
const STEADY_MS = 15_000;
const CHANGES_PER_SECOND = 100;
/** Beyond the time after which agents of a server that died are declared failed. */
const LOOK_AFTER_KILL_MS = 12_000;
/** Agents that begin to join at once. */
const AT_ONCE = 50;

const servers = SERVERS.map(
  ({ name, host }) =>
    new ClusterAgent({
      name,
      address: host,
      args: [
        ...NO_LIMIT,
        '-server',
        '-bootstrap-expect',
        '3',
        ...ADDRESSES.flatMap((each) => ['-retry-join', each]),
      ],
    }),
);

function recordOf(i: number): AgentRecord {
  const name = `agent-${i}` as NodeName;
  const address = `10.${(i >> 16) & 255}.${(i >> 8) & 255}.${i & 255}`;
  const id = `00000000-0000-4000-8000-${i.toString(16).padStart(12, '0')}`;
  return {
    node: { name, id, address, taggedAddresses: null, meta: null },
    datacenter: 'dc1',
    port: 8301,
    tags: { role: 'node', id, dc: 'dc1' },
  };
}

interface Agent {
  readonly link: ServerLink;
  readonly record: AgentRecord;
}

function makeAgent(i: number): Agent {
  const record = recordOf(i);
  const link = new ServerLink({
    agent: () => record,
    joinAddresses: async () => {
      const order = [...SERVERS].sort(() => Math.random() - 0.5);
      return order;
    },
    remembered: [],
    onServers: () => {},
    retryMs: 30_000,
    maxRounds: 0,
    onGivenUp: () => {},
    connect: (address) => new RpcConnection({ address, identity: undefined, clock: systemClock }),
    clock: systemClock,
    random: systemRandom,
    log: silentLogger,
    onWelcome: () => {},
    onLost: () => {},
    onMessage: () => {},
  });
  return { link, record };
}

const statusCommand = (node: string, status: string, output: string) => ({
  kind: 'check-status',
  node,
  checkId: 'service:load',
  status,
  output,
});

function registration({ node }: AgentRecord) {
  const service = {
    id: 'load',
    name: `load-${Number(node.address.split('.').at(-1)) % 100}`,
    kind: '',
    tags: [],
    address: '',
    taggedAddresses: null,
    meta: null,
    port: 80,
    socketPath: '',
    weights: { passing: 1, warning: 1 },
    enableTagOverride: false,
    proxy: null,
    connect: null,
    locality: null,
  };
  const check = {
    node: node.name,
    id: 'service:load',
    name: 'load',
    status: 'passing',
    notes: '',
    output: '',
    serviceId: 'load',
    type: 'ttl',
    interval: '',
    timeout: '',
    exposedPort: 0,
    definition: {},
  };
  return { kind: 'register', node, skipNodeUpdate: true, service, checks: [check] };
}

/** Processor time in s and resident MiB of a process. */
function costOf(pid: number): { cpu: number; mib: number } {
  const fields = fs.readFileSync(`/proc/${pid}/stat`, 'utf8').split(') ')[1]?.split(' ') ?? [];
  const status = fs.readFileSync(`/proc/${pid}/status`, 'utf8');
  const kib = Number(/VmRSS:\s+(\d+)/.exec(status)?.[1] ?? 0);
  return { cpu: (Number(fields[11]) + Number(fields[12])) / 100, mib: Math.round(kib / 1024) };
}

/** Asks one server over UDP every 10 ms and remembers how long each took. */
class Asker {
  readonly #socket = dgram.createSocket('udp4');
  readonly #sentMs = new Map<number, number>();
  #next = 0;
  #tookMs: number[] = [];
  #lost = 0;
  readonly #timer: NodeJS.Timeout;

  constructor(host: string) {
    this.#socket.on('message', (reply) => {
      const id = reply.readUInt16BE(0);
      const sentMs = this.#sentMs.get(id);
      if (sentMs === undefined) return;
      this.#sentMs.delete(id);
      this.#tookMs.push(performance.now() - sentMs);
    });
    const name = 'consul.service.consul'.split('.').flatMap((label) => [label.length, ...Buffer.from(label)]);
    this.#timer = setInterval(() => {
      this.#next = (this.#next + 1) & 0xffff;
      if (this.#sentMs.delete(this.#next)) this.#lost += 1;
      const id = [this.#next >> 8, this.#next & 255];
      this.#sentMs.set(this.#next, performance.now());
      this.#socket.send(
        Buffer.from([...id, 1, 0, 0, 1, 0, 0, 0, 0, 0, 0, ...name, 0, 0, 1, 0, 1]),
        8600,
        host,
      );
    }, 10);
  }

  /** p50, p99 and the worst since the last time, in ms. */
  take(): string {
    const took = this.#tookMs.sort((a, b) => a - b);
    this.#tookMs = [];
    const at = (share: number): string => (took[Math.floor((took.length - 1) * share)] ?? 0).toFixed(1);
    return `DNS p50 ${at(0.5)} p99 ${at(0.99)} worst ${at(1)} ms (${took.length} answers)`;
  }

  stop(): void {
    clearInterval(this.#timer);
    this.#socket.close();
  }
}

const say = (line: string): void => console.log(line);

async function phase(name: string, asker: Asker, work: () => Promise<unknown>): Promise<void> {
  const living = servers.filter(({ pid }) => fs.existsSync(`/proc/${pid}`));
  const before = living.map(({ pid }) => costOf(pid));
  const loop = monitorEventLoopDelay();
  loop.enable();
  const startedMs = performance.now();
  const cpuBefore = process.cpuUsage();
  const result = await work();
  const seconds = (performance.now() - startedMs) / 1_000;
  const own = process.cpuUsage(cpuBefore);
  const costs = living.flatMap(({ pid, name: server }, i) => {
    if (!fs.existsSync(`/proc/${pid}`)) return [];
    const after = costOf(pid);
    return `${server} ${(((after.cpu - (before[i]?.cpu ?? 0)) / seconds) * 100).toFixed(0)} % ${after.mib} MiB`;
  });
  const fleet = `fleet ${((own.user + own.system) / 1e4 / seconds).toFixed(0)} %`;
  say(
    `${name}: ${seconds.toFixed(1)} s; ${costs.join(', ')}; ${fleet}; ${asker.take()}${result ? `; ${String(result)}` : ''}`,
  );
}

async function joinAll(agents: readonly Agent[]): Promise<string> {
  for (let at = 0; at < agents.length; at += AT_ONCE) {
    for (const { link } of agents.slice(at, at + AT_ONCE)) link.start();
    await delay(50);
  }
  while (agents.some(({ link }) => !link.isUp)) await delay(20);
  return 'all are taken';
}

/** Registrations under way at once: agents start when their machines do, not all in one moment. */
const REGISTERING = 500;

async function registerAll(agents: readonly Agent[]): Promise<string> {
  const failed = new Map<string, number>();
  let next = 0;
  const work = async (): Promise<void> => {
    for (;;) {
      const agent = agents[next];
      next += 1;
      if (agent === undefined) return;
      const command = registration(agent.record);
      const end = await agent.link.call('command', { command }, { timeoutMs: 60_000 });
      if (end.kind === 'answered') continue;
      const why = end.kind === 'refused' ? end.error.message : end.why;
      failed.set(why, (failed.get(why) ?? 0) + 1);
    }
  };
  await Promise.all(Array.from({ length: REGISTERING }, work));
  return failed.size === 0
    ? 'none failed'
    : [...failed].map(([why, count]) => `${count} × ${why}`).join(', ');
}

async function changeMany(agents: readonly Agent[]): Promise<string> {
  const tookMs: number[] = [];
  let failed = 0;
  const under: Promise<void>[] = [];
  const endMs = performance.now() + STEADY_MS;
  for (let i = 0; performance.now() < endMs; i += 1) {
    const { link, record } = agents[(i * 7_919) % agents.length] as Agent;
    const sentMs = performance.now();
    const command = statusCommand(record.node.name, i % 2 ? 'passing' : 'warning', String(i));
    under.push(
      link.call('command', { command }, { timeoutMs: 10_000 }).then((end) => {
        if (end.kind === 'answered') tookMs.push(performance.now() - sentMs);
        else failed += 1;
      }),
    );
    await delay(1_000 / CHANGES_PER_SECOND);
  }
  await Promise.all(under);
  tookMs.sort((a, b) => a - b);
  const at = (share: number): string => (tookMs[Math.floor((tookMs.length - 1) * share)] ?? 0).toFixed(0);
  return `${tookMs.length} changes, p50 ${at(0.5)} p99 ${at(0.99)} ms, ${failed} failed`;
}

interface Member {
  readonly Name: string;
  readonly Status: number;
}

async function failedAgents(server: ClusterAgent): Promise<number> {
  const members = await server.get<readonly Member[]>('/v1/agent/members');
  return members.filter(({ Name, Status }) => Name.startsWith('agent-') && Status !== 1).length;
}

async function killOne(
  agents: readonly Agent[],
  victim: ClusterAgent,
  witness: ClusterAgent,
): Promise<string> {
  const orphans = agents.filter(({ link }) => link.server === victim.name);
  const startedMs = performance.now();
  await victim.kill();
  const tookMs: number[] = [];
  const back = new Set<Agent>();
  let most = 0;
  const lookMs = startedMs + LOOK_AFTER_KILL_MS;
  for (let askedMs = 0; back.size < orphans.length || performance.now() < lookMs; await delay(20)) {
    for (const orphan of orphans) {
      if (back.has(orphan) || !orphan.link.isUp || orphan.link.server === victim.name) continue;
      back.add(orphan);
      tookMs.push(performance.now() - startedMs);
    }
    if (performance.now() - askedMs < 1_000) continue;
    askedMs = performance.now();
    most = Math.max(most, await failedAgents(witness).catch(() => 0));
  }
  const at = (share: number): string =>
    ((tookMs[Math.floor((tookMs.length - 1) * share)] ?? 0) / 1_000).toFixed(1);
  return `${orphans.length} agents are back, half within ${at(0.5)} s, all within ${at(1)} s, ${most} declared failed`;
}

async function main(): Promise<void> {
  await Promise.all(servers.map((server) => server.start()));
  const [first, , third] = servers as [ClusterAgent, ClusterAgent, ClusterAgent];
  while (!(await first.get<string>('/v1/status/leader').catch(() => ''))) await delay(100);
  const leader = await first.get<string>('/v1/status/leader');
  const victim = leader.startsWith(third.address) ? first : third;
  const witness = victim === first ? third : first;
  say(`leader ${leader}; ${COUNT} agents`);
  const asker = new Asker(witness.address);
  const agents = Array.from({ length: COUNT }, (_, i) => makeAgent(i));
  await phase('nothing', asker, () => delay(3_000, ''));
  await phase('join', asker, () => joinAll(agents));
  await phase('members', asker, async () => {
    for (;;) {
      const members = await witness.get<readonly Member[]>('/v1/agent/members');
      if (members.length === COUNT + 3) return `${members.length} members`;
      await delay(100);
    }
  });
  await phase('register', asker, () => registerAll(agents));
  await phase('steady', asker, () => delay(STEADY_MS, ''));
  await phase('changes', asker, () => changeMany(agents));
  await phase(`kill ${victim.name}`, asker, () => killOne(agents, victim, witness));
  asker.stop();
  for (const { link } of agents) link.stop();
  await Promise.all(servers.map((server) => server.remove()));
  process.exit(0);
}

await main();
