/**
 * Three real servers and two client agents: how long until what one client says is in the DNS of the other?
 *
 *     node bench/propagation-clients.ts 100
 *
 * Told are registrations and changes of a check's status, of services that the other client follows already, from the
 * moment before the request to the first answer that shows it.
 */
import dgram from 'node:dgram';
import { setTimeout as delay } from 'node:timers/promises';
import { ClusterAgent } from '../test/support/cluster-agents.ts';

const COUNT = Number(process.argv[2] ?? 100);
const ADDRESSES = ['127.13.31.1', '127.13.31.2', '127.13.31.3'];
const JOIN = ADDRESSES.flatMap((address) => ['-retry-join', address]);
const servers = ADDRESSES.map(
  (address, i) =>
    new ClusterAgent({ name: `s${i + 1}`, address, args: ['-server', '-bootstrap-expect', '3', ...JOIN] }),
);
const one = new ClusterAgent({ name: 'c1', address: '127.13.31.11', args: JOIN });
const other = new ClusterAgent({ name: 'c2', address: '127.13.31.12', args: JOIN });

/** Answers that one question has now, asked over UDP; -1 when none came. */
function answers(name: string): Promise<number> {
  const socket = dgram.createSocket('udp4');
  const labels = `${name}.service.consul`
    .split('.')
    .flatMap((label) => [label.length, ...Buffer.from(label)]);
  return new Promise((resolve) => {
    const timer = setTimeout(() => end(-1), 1_000);
    const end = (count: number): void => {
      clearTimeout(timer);
      socket.close();
      resolve(count);
    };
    socket.once('message', (reply) => end(reply.readUInt16BE(6)));
    socket.send(
      Buffer.from([0, 7, 1, 0, 0, 1, 0, 0, 0, 0, 0, 0, ...labels, 0, 0, 1, 0, 1]),
      8600,
      other.address,
    );
  });
}

async function until(name: string, wanted: number, fromMs: number): Promise<number> {
  while ((await answers(name)) !== wanted) {
    if (performance.now() - fromMs > 10_000) throw new Error(`${name} is not in DNS`);
    await delay(1);
  }
  return performance.now() - fromMs;
}

function tell(what: string, took: number[]): void {
  const sorted = took.sort((a, b) => a - b);
  const at = (share: number): string => (sorted[Math.floor((sorted.length - 1) * share)] ?? 0).toFixed(1);
  console.log(`${what}: p50 ${at(0.5)} p99 ${at(0.99)} worst ${at(1)} ms (${sorted.length})`);
}

async function main(): Promise<void> {
  await Promise.all([...servers, one, other].map((agent) => agent.start()));
  while ((await one.get<readonly unknown[]>('/v1/agent/members').catch(() => [])).length < 5)
    await delay(200);
  const registered: number[] = [];
  const flipped: number[] = [];
  for (let i = 0; i < COUNT; i += 1) {
    const name = `load-${i}`;
    await answers(name); // followed from now on
    let fromMs = performance.now();
    const check = { CheckID: name, TTL: '600s', Status: 'passing' };
    await one.put('/v1/agent/service/register', { Name: name, Port: 80, Check: check });
    registered.push(await until(name, 1, fromMs));
    fromMs = performance.now();
    await one.put(`/v1/agent/check/fail/${name}`);
    flipped.push(await until(name, 0, fromMs));
  }
  tell('registered at one client, in DNS of the other', registered);
  tell('check failed at one client, out of DNS of the other', flipped);
  await Promise.all([...servers, one, other].map((agent) => agent.remove()));
  process.exit(0);
}

await main();
