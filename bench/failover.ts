/**
 * Three HTTP instances with 1 s checks, one is killed: how long does DNS go on to name it?
 *
 * The floor is the check itself: an interval of 1 s finds a death after 0 to 1 s, 0.5 s on average.
 */
import { Resolver } from 'node:dns/promises';
import http from 'node:http';
import type { AddressInfo } from 'node:net';
import { setTimeout as delay } from 'node:timers/promises';
import { startAgent } from '../test/support/start-agent.ts';

const ROUNDS = 10;
const INSTANCES = 3;

async function startInstance(): Promise<{ port: number; kill(): void }> {
  const server = http.createServer((_request, response) => response.end('ok'));
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  return {
    port,
    kill: () => {
      server.close();
      server.closeAllConnections();
    },
  };
}

async function register(httpUrl: string, name: string, port: number): Promise<void> {
  const Check = { HTTP: `http://127.0.0.1:${port}/`, Interval: '1s', Timeout: '1s' };
  const body = JSON.stringify({ ID: `${name}-${port}`, Name: name, Address: '127.0.0.1', Port: port, Check });
  await fetch(`${httpUrl}/v1/agent/service/register`, { method: 'PUT', body });
}

async function ports(resolver: Resolver, name: string): Promise<number[]> {
  try {
    return (await resolver.resolveSrv(`${name}.service.consul`)).map(({ port }) => port);
  } catch {
    return [];
  }
}

/** Poll DNS until the answer is as wanted; gives the milliseconds that took. */
async function until(
  resolver: Resolver,
  name: string,
  isDone: (ports: number[]) => boolean,
): Promise<number> {
  const startedMs = performance.now();
  while (!isDone(await ports(resolver, name))) {
    if (performance.now() - startedMs > 20_000) throw new Error(`${name} did not become as wanted`);
    await delay(2);
  }
  return performance.now() - startedMs;
}

async function main(): Promise<void> {
  const agent = await startAgent();
  const resolver = new Resolver({ timeout: 1_000, tries: 1 });
  resolver.setServers([`127.0.0.1:${agent.dnsPort}`]);
  const [upMs, downMs]: [number[], number[]] = [[], []];
  for (let round = 0; round < ROUNDS; round += 1) {
    const name = `web${round}`;
    const instances = await Promise.all(Array.from({ length: INSTANCES }, startInstance));
    for (const { port } of instances) await register(agent.httpUrl, name, port);
    upMs.push(await until(resolver, name, (found) => found.length === INSTANCES));
    await delay(1_000 * (round / ROUNDS));
    instances[0]?.kill();
    downMs.push(await until(resolver, name, (found) => found.length === INSTANCES - 1));
    for (const { kill } of instances.slice(1)) kill();
  }
  await agent.stop();
  for (const [what, all] of [
    ['registered → in DNS', upMs],
    ['killed → out of DNS', downMs],
  ] as const) {
    const sorted = [...all].sort((a, b) => a - b);
    const at = (share: number): string => (sorted[Math.floor((sorted.length - 1) * share)] ?? 0).toFixed(0);
    console.log(
      `${what}: min ${at(0)} ms, median ${at(0.5)} ms, max ${at(1)} ms (${ROUNDS} rounds, 1 s interval)`,
    );
  }
}

await main();
