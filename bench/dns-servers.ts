/**
 * The servers that DNS benches ask: agents, the socket that only echoes, and whichever other servers are installed; all
 * with the same services. Each knows how to say what its answers have cost so far.
 */
import { fork, spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import fs from 'node:fs';
import http from 'node:http';
import os from 'node:os';
import path from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { freePort } from '../test/support/free-port.ts';
import { startAgent } from '../test/support/start-agent.ts';
import { cpuMs, descendants, residentBytes } from './process-cost.ts';

/** What is registered: instance i belongs to service i % services and node i % nodes. */
export interface Load {
  readonly services: number;
  readonly instances: number;
  readonly nodes: number;
}

export interface BenchServer {
  readonly name: string;
  readonly pid: number;
  readonly port: number;
  /** Processor time of what answers, milliseconds. */
  cpuMs(): number;
  stop(): Promise<unknown>;
}

const CONNECTIONS = 16;
const addressOf = (i: number): string => `10.${(i >> 16) & 0xff}.${(i >> 8) & 0xff}.${i & 0xff}`;

export const hasNsd = spawnSync('sh', ['-c', 'command -v nsd']).status === 0;

function put(agent: http.Agent, url: string, body: unknown): Promise<void> {
  return new Promise((resolve, reject) => {
    const request = http.request(url, { method: 'PUT', agent }, (response) =>
      response.resume().on('end', resolve),
    );
    request.on('error', reject).end(JSON.stringify(body));
  });
}

/** Register every instance through the catalog API. */
async function register(httpUrl: string, { services, instances, nodes }: Load): Promise<void> {
  const agent = new http.Agent({ keepAlive: true, maxSockets: CONNECTIONS });
  let next = 0;
  const connection = async (): Promise<void> => {
    while (next < services * instances) {
      const i = next++;
      const [service, node] = [i % services, i % nodes];
      await put(agent, `${httpUrl}/v1/catalog/register`, {
        Node: `node-${node}`,
        Address: `10.200.${node >> 8}.${node & 0xff}`,
        Service: {
          ID: `svc-${service}-${i}`,
          Service: `svc-${service}`,
          Port: 1_000 + (i % 60_000),
          Address: addressOf(i),
        },
      });
    }
  };
  await Promise.all(Array.from({ length: CONNECTIONS }, connection));
  agent.destroy();
}

/** A socket that sends each packet back. */
export async function startEcho(): Promise<BenchServer> {
  const child = fork(fileURLToPath(new URL('./echo-server.ts', import.meta.url)));
  const [port] = (await once(child, 'message')) as [number];
  const pid = child.pid ?? 0;
  return { name: 'echo', pid, port, cpuMs: () => cpuMs(pid), stop: async () => child.kill() };
}

export interface AgentServer extends BenchServer {
  readonly httpUrl: string;
  /** From the start of the process until it answered. */
  readonly startMs: number;
  /** Memory that the load took, octets. */
  readonly loadBytes: number;
}

/** An agent with production settings; `settleMs` after the load, so that what it left behind is collected. */
export async function startRollcall(
  name: string,
  load: Load,
  dnsConfig: { readonly threads?: number; readonly transport?: string },
  settleMs = 0,
): Promise<AgentServer> {
  const dataDir = fs.mkdtempSync(path.join(os.tmpdir(), 'bench-dns-'));
  const startedMs = performance.now();
  const agent = await startAgent({
    dataDir,
    args: ['-bind', '127.0.0.1'],
    config: { dns_config: dnsConfig },
  });
  const startMs = performance.now() - startedMs;
  const before = residentBytes(agent.pid);
  await register(agent.httpUrl, load);
  await delay(settleMs);
  const loadBytes = residentBytes(agent.pid) - before;
  const stop = async (): Promise<void> => {
    await agent.stop();
    fs.rmSync(dataDir, { recursive: true });
  };
  const { pid, dnsPort: port, httpUrl } = agent;
  return { name, pid, port, httpUrl, startMs, loadBytes, cpuMs: () => cpuMs(pid), stop };
}

/** Consul from `program`. */
export async function startConsul(program: string, load: Load): Promise<BenchServer> {
  const ports = { http: await freePort(), dns: await freePort(), server: await freePort(), grpc: -1 };
  const config = { ports: { ...ports, serf_lan: await freePort(), serf_wan: await freePort() } };
  const file = path.join(os.tmpdir(), `bench-consul-${process.pid}.json`);
  fs.writeFileSync(file, JSON.stringify(config));
  const child = spawn(program, ['agent', '-dev', '-log-level=error', '-config-file', file], {
    stdio: 'ignore',
  });
  const url = `http://127.0.0.1:${ports.http}`;
  const leader = async (): Promise<string> => (await fetch(`${url}/v1/status/leader`)).text();
  while (!(await leader().catch(() => '')).includes(':')) await delay(200);
  await register(url, load);
  const pid = child.pid ?? 0;
  return { name: 'consul', pid, port: ports.dns, cpuMs: () => cpuMs(pid), stop: async () => child.kill() };
}

/** The same names as a zone: an address and an SRV record for each instance. */
function zoneOf({ services, instances, nodes }: Load): string {
  const lines = [
    '$ORIGIN consul.',
    '$TTL 0',
    '@ SOA ns hostmaster 1 3600 600 86400 0',
    '@ NS ns',
    'ns A 127.0.0.1',
  ];
  for (let node = 0; node < nodes; node += 1)
    lines.push(`node-${node}.node A 10.200.${node >> 8}.${node & 0xff}`);
  for (let i = 0; i < services * instances; i += 1) {
    const name = `svc-${i % services}.service`;
    lines.push(
      `${name} A ${addressOf(i)}`,
      `${name} SRV 1 1 ${1_000 + (i % 60_000)} i${i}.addr`,
      `i${i}.addr A ${addressOf(i)}`,
    );
  }
  return `${lines.join('\n')}\n`;
}

/** NSD with one process that answers; the others of it are not counted. */
export async function startNsd(load: Load): Promise<BenchServer> {
  const dir = fs.mkdtempSync(path.join(os.tmpdir(), 'bench-nsd-'));
  const port = await freePort();
  fs.writeFileSync(path.join(dir, 'consul.zone'), zoneOf(load));
  fs.writeFileSync(
    path.join(dir, 'nsd.conf'),
    `server:
  ip-address: 127.0.0.1@${port}
  server-count: 1
  username: ""
  chroot: ""
  zonesdir: "${dir}"
  database: ""
  pidfile: "${dir}/nsd.pid"
  xfrdfile: "${dir}/xfrd.state"
  zonelistfile: "${dir}/zone.list"
  xfrdir: "${dir}"
  rrl-ratelimit: 0
  rrl-whitelist-ratelimit: 0
remote-control:
  control-enable: no
zone:
  name: consul.
  zonefile: consul.zone
`,
  );
  const child = spawn('nsd', ['-d', '-c', path.join(dir, 'nsd.conf')], { stdio: 'ignore' });
  const pid = child.pid ?? 0;
  await delay(2_000);
  // The one that answers is the one that has worked most since it was asked first.
  const workerMs = (): number => Math.max(0, ...descendants(pid).map(cpuMs));
  const stop = async (): Promise<void> => {
    child.kill();
    await once(child, 'exit');
    fs.rmSync(dir, { recursive: true });
  };
  return { name: 'nsd', pid, port, cpuMs: workerMs, stop };
}
