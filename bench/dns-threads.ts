/**
 * How far DNS threads are behind: from the acknowledgement of a registration to the first answer that knows it. The floor
 * is the main thread (threads 0), which cannot be behind; what it shows is the round trip.
 */
import dgram from 'node:dgram';
import { once } from 'node:events';
import { nameFromText } from '../src/wire/name.ts';
import { startAgent } from '../test/support/start-agent.ts';
import { percentile } from './process-cost.ts';

const ROUNDS = 200;
const RETRY_MS = 500;

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

async function measure(threads: number): Promise<void> {
  const agent = await startAgent({ config: { dns_config: { threads } } });
  const delaysMs: number[] = [];
  for (let i = 0; i < ROUNDS; i += 1) {
    const body = JSON.stringify({ Name: `new-${i}`, Port: 80 });
    await fetch(`${agent.httpUrl}/v1/agent/service/register`, { method: 'PUT', body });
    delaysMs.push(await untilKnown(agent.dnsPort, `new-${i}.service.consul`));
  }
  await agent.stop();
  const at = (share: number): string => percentile(delaysMs, share).toFixed(2);
  console.log(
    `threads ${threads}: acknowledged → answered: median ${at(0.5)} ms, p99 ${at(0.99)} ms, max ${at(1)} ms`,
  );
}

for (const threads of [0, 2]) await measure(threads);
