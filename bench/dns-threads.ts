/**
 * How far DNS is behind: from the acknowledgement of a registration to the first answer that knows it, both ways that UDP
 * packets can go. The floor is the main thread (threads 0), which cannot be behind; what it shows is the round trip.
 *
 * With `load`, DNS is asked as much as it answers meanwhile: what stands in the queue of the socket is then before the
 * question. ROLLCALL_BENCH_ROUNDS (200) registrations each.
 */
import dgram from 'node:dgram';
import { once } from 'node:events';
import { nameFromText } from '../src/wire/name.ts';
import { startAgent } from '../test/support/start-agent.ts';
import { saturate } from './dns-load.ts';
import { percentile } from './process-cost.ts';

const ROUNDS = Number(process.env['ROLLCALL_BENCH_ROUNDS'] ?? 200);
const WITH_LOAD = process.argv.includes('load');
const RETRY_MS = 500;
const SECONDS = 8;

function question(name: string): Buffer {
  return Buffer.from([0, 1, 1, 0, 0, 1, 0, 0, 0, 0, 0, 0, ...(nameFromText(name) ?? []), 0, 1, 0, 1]);
}

/** Ask until somebody knows the name; each question comes from another port, so another thread may get it. */
async function untilKnown(port: number, name: string): Promise<number> {
  const startedMs = performance.now();
  for (;;) {
    const socket = dgram.createSocket('udp4');
    socket.send(question(name), port, '127.0.0.1');
    const signal = AbortSignal.timeout(RETRY_MS);
    const [reply] = (await once(socket, 'message', { signal }).catch(() => [])) as [Buffer?];
    socket.close();
    if (reply && ((reply[3] ?? 0) & 0xf) === 0) return performance.now() - startedMs;
  }
}

async function measure(threads: number, transport: string): Promise<void> {
  const agent = await startAgent({ config: { dns_config: { threads, transport } } });
  const put = (Name: string): Promise<unknown> =>
    fetch(`${agent.httpUrl}/v1/agent/service/register`, {
      method: 'PUT',
      body: JSON.stringify({ Name, Port: 80 }),
    });
  await put('asked');
  let isDone = false;
  const load = async (): Promise<void> => {
    while (WITH_LOAD && !isDone) await saturate(agent.dnsPort, ['asked.service.consul A'], SECONDS);
  };
  const loading = load();
  const delaysMs: number[] = [];
  for (let i = 0; i < ROUNDS; i += 1) {
    await put(`new-${i}`);
    delaysMs.push(await untilKnown(agent.dnsPort, `new-${i}.service.consul`));
  }
  isDone = true;
  await loading;
  await agent.stop();
  const at = (share: number): string => percentile(delaysMs, share).toFixed(2);
  console.log(
    `${transport.padEnd(6)} threads ${threads}: acknowledged → answered: median ${at(0.5)} ms, p99 ${at(0.99)} ms, max ${at(1)} ms`,
  );
}

for (const threads of [0, 1, 2])
  for (const transport of ['dgram', 'batch']) await measure(threads, transport);
