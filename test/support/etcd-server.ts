/**
 * Real etcd processes for tests, on loopback addresses of their own and with their data in memory.
 *
 * Each server draws an address from 127.0.0.0/8, so that no ports have to be found and test files do not meet.
 */
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { systemClock } from '../../src/lib/clock.ts';
import { type EtcdClient, etcdClient } from '../../src/store/etcd/etcd-client.ts';

export interface EtcdServer {
  readonly clientUrl: string;
  readonly peerUrl: string;
  readonly pid: number;
  /** What it wrote so far. */
  output(): string;
  /** Stop and go on as if nothing had happened. */
  pause(): void;
  resume(): void;
  kill(): Promise<void>;
  /** Start it again on its data. */
  restart(): Promise<void>;
}

export interface EtcdCluster {
  readonly servers: readonly EtcdServer[];
  readonly endpoints: readonly string[];
  client(): EtcdClient;
  /** End all and remove their data; also their clients. */
  stop(): Promise<void>;
}

const READY_TIMEOUT_MS = 15_000;

const octet = (): number => 1 + Math.floor(Math.random() * 250);

/** An address of this machine that nobody else uses. */
export function ownAddress(): string {
  return `127.${10 + Math.floor(Math.random() * 200)}.${octet()}.${octet()}`;
}

/** A folder in memory where there is one: etcd waits for its disk at every write. */
export function fastFolder(): string {
  const root = fs.existsSync('/dev/shm') ? '/dev/shm' : os.tmpdir();
  return fs.mkdtempSync(path.join(root, 'etcd-test-'));
}

/** Resolve once a member answers and knows a leader. Rejects after a while. */
export async function untilReady(client: EtcdClient, url: string, output = (): string => ''): Promise<void> {
  const untilMs = performance.now() + READY_TIMEOUT_MS;
  while (performance.now() < untilMs) {
    const status = await client.statusOf(url);
    if (status.kind === 'done' && status.reply.leader !== 0n) return;
    await delay(30);
  }
  throw new Error(`etcd at ${url} does not answer: ${output().slice(-2_000)}`);
}

interface Named {
  readonly name: string;
  readonly clientUrl: string;
  readonly peerUrl: string;
}

function startServer(server: Named, args: readonly string[]): EtcdServer {
  let output = '';
  const spawnIt = (): ChildProcess => {
    const started = spawn('etcd', args, { stdio: ['ignore', 'pipe', 'pipe'] });
    for (const stream of [started.stdout, started.stderr])
      stream?.setEncoding('utf8').on('data', (text: string) => {
        output = (output + text).slice(-100_000);
      });
    return started;
  };
  let child = spawnIt();
  return {
    clientUrl: server.clientUrl,
    peerUrl: server.peerUrl,
    get pid() {
      return child.pid as number;
    },
    output: () => output,
    pause: () => {
      child.kill('SIGSTOP');
      // The signal is on its way; what is asked before it arrives would still be answered.
      while (!fs.readFileSync(`/proc/${child.pid}/stat`, 'utf8').includes(') T '));
    },
    resume: () => void child.kill('SIGCONT'),
    kill: async () => {
      if (child.exitCode !== null || child.signalCode !== null) return;
      child.kill('SIGKILL');
      await once(child, 'exit');
    },
    restart: async () => {
      child = spawnIt();
    },
  };
}

export interface ClusterOptions {
  readonly size?: number;
  /** Further arguments for each. */
  readonly args?: readonly string[];
  readonly scheme?: 'http' | 'https';
  /** Do not wait until it answers: it needs a client with certificates or a password. */
  readonly isWaiting?: boolean;
}

/** A cluster of `size` servers (default 1) that answers. */
export async function startEtcd(options: ClusterOptions = {}): Promise<EtcdCluster> {
  const { size = 1, args = [], scheme = 'http', isWaiting = true } = options;
  const folder = fastFolder();
  const named = Array.from({ length: size }, (_, at): Named => {
    const address = ownAddress();
    return { name: `e${at}`, clientUrl: `${scheme}://${address}:2379`, peerUrl: `http://${address}:2380` };
  });
  const initial = named.map(({ name, peerUrl }) => `${name}=${peerUrl}`).join(',');
  const servers = named.map((server) =>
    startServer(server, [
      `--name=${server.name}`,
      `--data-dir=${path.join(folder, server.name)}`,
      `--listen-client-urls=${server.clientUrl}`,
      `--advertise-client-urls=${server.clientUrl}`,
      `--listen-peer-urls=${server.peerUrl}`,
      `--initial-advertise-peer-urls=${server.peerUrl}`,
      `--initial-cluster=${initial}`,
      '--heartbeat-interval=50',
      '--election-timeout=500',
      '--logger=zap',
      '--log-outputs=stderr',
      ...args,
    ]),
  );
  const clients: EtcdClient[] = [];
  const endpoints = servers.map(({ clientUrl }) => clientUrl);
  const cluster: EtcdCluster = {
    servers,
    endpoints,
    client: () => {
      const client = etcdClient({ endpoints, clock: systemClock });
      clients.push(client);
      return client;
    },
    stop: async () => {
      for (const client of clients) client.close();
      for (const server of servers) await server.kill();
      fs.rmSync(folder, { recursive: true, force: true });
    },
  };
  try {
    const client = cluster.client();
    if (isWaiting) for (const server of servers) await untilReady(client, server.clientUrl, server.output);
  } catch (error) {
    await cluster.stop();
    throw error;
  }
  return cluster;
}
