/**
 * Several real servers for fault runs: on loopback addresses, or each in a network namespace of its own; one of them may
 * keep its data on a small disk that can be filled.
 */
import { spawnSync } from 'node:child_process';
import fs from 'node:fs';
import http from 'node:http';
import os from 'node:os';
import path from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { ask } from './ask.ts';
import { STEADY } from './dns-askers.ts';
import { type Machines, makeMachines } from './namespaces.ts';
import { ServerProcess } from './server-process.ts';

export interface FaultClusterOptions {
  readonly size: 1 | 3 | 5;
  /** Client agents beside them. */
  readonly clients?: number;
  /** Subnet below 10.0.0.0/8 for network namespaces; absent: loopback addresses, and no partitions. */
  readonly namespaceSubnet?: number;
  /** Put the data of the last server on a small disk (needs root). */
  readonly hasSmallDisk?: boolean;
  /** Further arguments for each. */
  readonly args?: readonly string[];
  /** Where what they write goes, and stays; a folder that is removed with the rest when absent. */
  readonly logFolder?: string;
}

export interface FaultCluster {
  readonly servers: readonly ServerProcess[];
  readonly clients: readonly ServerProcess[];
  readonly machines: Machines | undefined;
  /** The server that leads, by what the others say; undefined when none of those that answer knows one. */
  leader(): Promise<ServerProcess | undefined>;
  /** Whether each server, and each client agent, takes a write and answers a consistent read within the time. Which do not, as text. */
  whoIsUnwell(timeoutMs: number): Promise<string | undefined>;
  /** Fill the small disk; the returned function makes room again. */
  fillDisk(): (() => void) | undefined;
  /** End everything and remove the data. */
  remove(): Promise<void>;
}

/** etcd takes 64 MiB for each file of its log beforehand, and keeps the history of ten minutes. */
const SMALL_DISK = '1g';
const READY_MS = 30_000;
/** Transactions of the clients are larger than what is usual. */
const LARGE_TRANSACTIONS = ['-hcl', 'limits { txn_max_req_len = 8388608 }'];

const octet = (): number => 1 + Math.floor(Math.random() * 250);

function mountSmallDisk(folder: string): boolean {
  fs.mkdirSync(folder, { recursive: true });
  return spawnSync('mount', ['-t', 'tmpfs', '-o', `size=${SMALL_DISK}`, 'none', folder]).status === 0;
}

/** Take what is left of the disk. */
function fill(folder: string): () => void {
  const file = path.join(folder, 'filler');
  const piece = Buffer.alloc(1024 * 1024);
  const handle = fs.openSync(file, 'w');
  try {
    for (;;) fs.writeSync(handle, piece);
  } catch {
    // Full, as it should be.
  }
  fs.closeSync(handle);
  return () => fs.rmSync(file, { force: true });
}

async function isWell(agent: http.Agent, { httpUrl, name }: ServerProcess): Promise<boolean> {
  const written = await ask(agent, `${httpUrl}/v1/kv/well/${name}`, {
    method: 'PUT',
    body: 'yes',
    timeoutMs: 2_000,
  });
  if (written.status !== 200) return false;
  const read = await ask(agent, `${httpUrl}/v1/kv/well/${name}?consistent`, { timeoutMs: 2_000 });
  return read.status === 200;
}

/** Start the servers and wait until each is well and answers for the steady service. Rejects, nothing left, when not. */
export async function startFaultCluster(options: FaultClusterOptions): Promise<FaultCluster> {
  const { size, namespaceSubnet, hasSmallDisk = false, args = [], logFolder, clients = 0 } = options;
  const folder = fs.mkdtempSync(path.join(fs.existsSync('/dev/shm') ? '/dev/shm' : os.tmpdir(), 'faults-'));
  const machines = namespaceSubnet === undefined ? undefined : makeMachines(size + clients, namespaceSubnet);
  const [second, third] = [octet(), octet()];
  const addresses =
    machines?.addresses ??
    Array.from({ length: size + clients }, (_, at) => `127.11.${second}.${third + at}`);
  const small = path.join(folder, 'small');
  const isMounted = hasSmallDisk && mountSmallDisk(small);
  const joining = addresses.slice(0, size).flatMap((address) => ['-retry-join', address]);
  const forming = size === 1 ? [] : ['-bootstrap-expect', String(size), ...joining];
  const all = addresses.map((address, at) => {
    const isClient = at >= size;
    const name = isClient ? `c${at - size + 1}` : `s${at + 1}`;
    return new ServerProcess({
      name,
      address,
      isClient,
      logFile: path.join(logFolder ?? folder, `${name}.log`),
      dataDir: isMounted && at === size - 1 ? path.join(small, 'data') : path.join(folder, name),
      ...(machines && { within: machines.within(at) }),
      args: isClient ? joining : [...forming, ...LARGE_TRANSACTIONS, ...args],
    });
  });
  const servers = all.slice(0, size);
  const agent = new http.Agent({ keepAlive: true });

  async function unwell(timeoutMs: number): Promise<string | undefined> {
    const untilMs = performance.now() + timeoutMs;
    for (;;) {
      const wells = await Promise.all(all.map((each) => isWell(agent, each)));
      const names = all.filter((_, at) => !wells[at]).map(({ name }) => name);
      if (names.length === 0) return undefined;
      if (performance.now() > untilMs) return `${names.join(', ')} not well after ${timeoutMs} ms`;
      await delay(20);
    }
  }

  const cluster: FaultCluster = {
    servers,
    clients: all.slice(size),
    machines,
    leader: async () => {
      for (const { httpUrl } of servers.filter(({ isUp }) => isUp)) {
        const { status, body } = await ask(agent, `${httpUrl}/v1/status/leader`, { timeoutMs: 500 });
        const leader = status === 200 && servers.find(({ place }) => body.includes(`"${place.address}:`));
        if (leader) return leader;
      }
      return undefined;
    },
    whoIsUnwell: unwell,
    fillDisk: () => (isMounted ? fill(small) : undefined),
    remove: async () => {
      machines?.healAll();
      for (const each of all) each.signal('SIGCONT', 'machine');
      await Promise.all(all.map((each) => each.kill()));
      agent.destroy();
      machines?.remove();
      if (isMounted) spawnSync('umount', ['-l', small]);
      fs.rmSync(folder, { recursive: true, force: true });
    },
  };
  for (const each of all) each.start();
  try {
    const why = (await unwell(READY_MS)) ?? (await registerSteady(agent, servers));
    if (why !== undefined) throw new Error(`${why}\n${all.map((each) => each.output()).join('\n---\n')}`);
  } catch (error) {
    await cluster.remove();
    throw error;
  }
  return cluster;
}

/** Register the service that DNS is asked for, and wait until every server has it. */
async function registerSteady(
  agent: http.Agent,
  servers: readonly ServerProcess[],
): Promise<string | undefined> {
  const [first] = servers;
  const body = JSON.stringify({ Node: STEADY, Address: '10.9.9.9', Service: { Service: STEADY, Port: 80 } });
  const { status } = await ask(agent, `${first?.httpUrl}/v1/catalog/register`, { method: 'PUT', body });
  if (status !== 200) return `the steady service was not registered: ${status}`;
  for (const { httpUrl } of servers)
    await ask(agent, `${httpUrl}/v1/catalog/service/${STEADY}?consistent`, { timeoutMs: 10_000 });
  return undefined;
}
