/**
 * How long a write on one server takes to be seen on others: by a blocking query, by a stale read over DNS.
 *
 * Times are from when the write was sent, so they hold its commit, too; `after` is what came after its acknowledgement.
 */
import dgram from 'node:dgram';
import { once } from 'node:events';
import http from 'node:http';
import { setTimeout as delay } from 'node:timers/promises';
import { ask } from '../../test/support/faults/ask.ts';
import type { ServerProcess } from '../../test/support/faults/server-process.ts';

export interface Spread {
  readonly sinceSentMs: readonly number[];
  /** 0 where it was seen before the writer heard. */
  readonly sinceDoneMs: readonly number[];
}

/** Queries that wait at `reader` for a key that is written through `writer`. */
export async function wakeQueries(
  writer: ServerProcess,
  reader: ServerProcess,
  rounds: number,
): Promise<Spread> {
  const [writing, reading] = [new http.Agent({ keepAlive: true }), new http.Agent({ keepAlive: true })];
  const spread = { sinceSentMs: [] as number[], sinceDoneMs: [] as number[] };
  for (let round = 0; round < rounds; round += 1) {
    const url = `${reader.httpUrl}/v1/kv/wake?recurse`;
    const index = (await ask(reading, url)).headers['x-consul-index'];
    const woken = ask(reading, `${url}&index=${index}&wait=10s`, { timeoutMs: 15_000 }).then(() =>
      performance.now(),
    );
    await delay(15);
    const sentMs = performance.now();
    await ask(writing, `${writer.httpUrl}/v1/kv/wake`, { method: 'PUT', body: String(round) });
    const doneMs = performance.now();
    const wokenMs = await woken;
    spread.sinceSentMs.push(wokenMs - sentMs);
    spread.sinceDoneMs.push(Math.max(wokenMs - doneMs, 0));
  }
  writing.destroy();
  reading.destroy();
  return spread;
}

function question(id: number, name: string): Buffer {
  const labels = [name, 'service', 'consul'].flatMap((label) => [label.length, ...Buffer.from(label)]);
  const head = [id >> 8, id & 0xff, 0x01, 0, 0, 1, 0, 0, 0, 0, 0, 0];
  return Buffer.from([...head, ...labels, 0, 0, 1, 0, 1]);
}

/** Resolves with the moment when DNS of a server has a record for the service. */
async function untilInDns(address: string, name: string): Promise<number> {
  const socket = dgram.createSocket('udp4');
  socket.bind(0);
  await once(socket, 'listening');
  const seen = new Promise<number>((resolve) => {
    socket.on('message', (message) => {
      if (message.readUInt16BE(6) > 0) resolve(performance.now());
    });
  });
  let id = 0;
  const timer = setInterval(() => {
    id = (id + 1) & 0xffff;
    socket.send(question(id, name), 8600, address, () => {});
  }, 1);
  const seenMs = await seen;
  clearInterval(timer);
  socket.close();
  return seenMs;
}

/** Services that are registered through `writer` and asked for at `reader`. */
export async function spreadToDns(
  writer: ServerProcess,
  reader: ServerProcess,
  rounds: number,
): Promise<Spread> {
  const agent = new http.Agent({ keepAlive: true });
  const spread = { sinceSentMs: [] as number[], sinceDoneMs: [] as number[] };
  for (let round = 0; round < rounds; round += 1) {
    const name = `spread-${round}-${Math.floor(performance.now())}`;
    const seen = untilInDns(reader.place.address, name);
    await delay(10);
    const body = JSON.stringify({ Node: 'spread', Address: '10.8.8.8', Service: { Service: name, Port: 1 } });
    const sentMs = performance.now();
    await ask(agent, `${writer.httpUrl}/v1/catalog/register`, { method: 'PUT', body });
    const doneMs = performance.now();
    const seenMs = await seen;
    spread.sinceSentMs.push(seenMs - sentMs);
    spread.sinceDoneMs.push(Math.max(seenMs - doneMs, 0));
  }
  agent.destroy();
  return spread;
}
