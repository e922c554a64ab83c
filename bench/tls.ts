/**
 * What encryption costs the agent for each question: CPU time of its process over the same number of questions in plain and
 * encrypted, one after the other in one run, and for each new connection.
 *
 * The order of the ways is drawn anew in each round, and the median of the rounds is told, so that what else the machine does
 * falls on all alike. `node bench/tls.ts 5` does five rounds.
 */
import { once } from 'node:events';
import http from 'node:http';
import http2 from 'node:http2';
import https from 'node:https';
import net from 'node:net';
import tls from 'node:tls';
import { queryPacket } from '../test/support/dns-rig.ts';
import { framed, tcpReader } from '../test/support/dns-sockets.ts';
import { freePort } from '../test/support/free-port.ts';
import { type RunningAgent, startAgent } from '../test/support/start-agent.ts';
import { certFile, pem } from '../test/support/test-certificates.ts';
import { cpuMs, median } from './process-cost.ts';

const QUESTIONS = 10_000;
const CONNECTIONS = 400;
const AT_ONCE = 16;
const PATH = '/v1/health/service/web?passing';
const TRUST = { ca: pem('ca'), servername: 'localhost' } as const;
const QUESTION = queryPacket('web.service.consul', 'A', { edns: 1_232 });

interface Way {
  readonly name: string;
  /** What the cost of it is compared with. */
  readonly plain: string;
  readonly count: number;
  readonly run: () => Promise<void>;
}

async function many(count: number, one: () => Promise<unknown>): Promise<void> {
  let left = count;
  await Promise.all(
    Array.from({ length: AT_ONCE }, async () => {
      while (left-- > 0) await one();
    }),
  );
}

function asker(get: typeof http.get, agent: http.Agent | https.Agent, port: number) {
  const options = { host: '127.0.0.1', port, path: PATH, agent, ...TRUST };
  return () =>
    new Promise<void>((resolve, reject) => {
      const request = get(options, (response) =>
        response.resume().once('end', resolve).once('error', reject),
      );
      request.once('error', reject);
    });
}

async function overHttp2(port: number, count: number, headers: http2.OutgoingHttpHeaders, body?: Uint8Array) {
  const session = http2.connect(`https://127.0.0.1:${port}`, TRUST);
  await many(count, async () => {
    const stream = session.request(headers, { endStream: body === undefined });
    if (body) stream.end(body);
    await once(stream.resume(), 'end');
  });
  session.close();
}

async function overStream(socket: net.Socket, count: number): Promise<void> {
  const reader = tcpReader(socket);
  const question = framed(QUESTION);
  await many(count, () => {
    socket.write(question);
    return reader.next();
  });
  socket.destroy();
}

interface Ports {
  readonly http: number;
  readonly https: number;
  readonly dns: number;
  readonly dot: number;
}

function ways(ports: Ports): readonly Way[] {
  const kept = { keepAlive: true, maxSockets: AT_ONCE };
  const host = '127.0.0.1';
  const doh = { ':method': 'POST', ':path': '/dns-query', 'content-type': 'application/dns-message' };
  const plain = asker(http.get, new http.Agent(kept), ports.http);
  const secure = asker(https.get as typeof http.get, new https.Agent(kept), ports.https);
  const connect = async (socket: net.Socket, event: string): Promise<void> => {
    await once(socket, event);
    socket.destroy();
  };
  return [
    { name: 'HTTP', plain: 'HTTP', count: QUESTIONS, run: () => many(QUESTIONS, plain) },
    { name: 'HTTPS, HTTP/1.1', plain: 'HTTP', count: QUESTIONS, run: () => many(QUESTIONS, secure) },
    {
      name: 'HTTPS, HTTP/2',
      plain: 'HTTP',
      count: QUESTIONS,
      run: () => overHttp2(ports.https, QUESTIONS, { ':path': PATH }),
    },
    {
      name: 'DNS over TCP',
      plain: 'DNS over TCP',
      count: QUESTIONS,
      run: () => overStream(net.connect(ports.dns, host), QUESTIONS),
    },
    {
      name: 'DNS over TLS',
      plain: 'DNS over TCP',
      count: QUESTIONS,
      run: () => overStream(tls.connect({ host, port: ports.dot, ...TRUST }), QUESTIONS),
    },
    {
      name: 'DNS over HTTPS',
      plain: 'DNS over TCP',
      count: QUESTIONS,
      run: () => overHttp2(ports.https, QUESTIONS, doh, QUESTION),
    },
    {
      name: 'a connection',
      plain: 'a connection',
      count: CONNECTIONS,
      run: () => many(CONNECTIONS, () => connect(net.connect(ports.dns, host), 'connect')),
    },
    {
      name: 'a handshake',
      plain: 'a connection',
      count: CONNECTIONS,
      run: () =>
        many(CONNECTIONS, () => connect(tls.connect({ host, port: ports.dot, ...TRUST }), 'secureConnect')),
    },
  ];
}

async function start(): Promise<{ readonly agent: RunningAgent; readonly ports: Ports }> {
  const ports = {
    http: await freePort(),
    https: await freePort(),
    dns: await freePort(),
    dot: await freePort(),
  };
  const agent = await startAgent({
    ports,
    config: {
      ports: { http: ports.http, dns: ports.dns, https: ports.https, dns_tls: ports.dot },
      limits: { http_max_conns_per_client: 0 },
      cert_file: certFile('server'),
      key_file: certFile('server-key'),
      services: Array.from({ length: 3 }, (_, i) => ({
        id: `w${i}`,
        name: 'web',
        port: 80 + i,
        address: `10.0.0.${i}`,
      })),
    },
  });
  return { agent, ports };
}

const rounds = Number(process.argv[2] ?? 5);
const { agent, ports } = await start();
const all = ways(ports);
for (const way of all) await way.run(); // warm
const costs = new Map<string, number[]>(all.map(({ name }) => [name, []]));
for (let round = 0; round < rounds; round += 1) {
  for (const { name, count, run } of all.toSorted(() => Math.random() - 0.5)) {
    const before = cpuMs(agent.pid);
    await run();
    costs.get(name)?.push(((cpuMs(agent.pid) - before) * 1_000) / count);
  }
}
await agent.stop();
for (const { name, plain } of all) {
  const [cost, floor] = [median(costs.get(name) ?? []), median(costs.get(plain) ?? [])];
  const times = name === plain ? '' : `  ${(cost / floor).toFixed(2)} times ${plain}`;
  console.log(`${name.padEnd(16)} ${cost.toFixed(1).padStart(7)} µs of CPU${times}`);
}
process.exit(0);
