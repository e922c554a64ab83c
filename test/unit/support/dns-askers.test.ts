/** A fault run takes for silence only what a server does not say while its process runs. */
import dgram from 'node:dgram';
import { once } from 'node:events';
import { setTimeout as delay } from 'node:timers/promises';
import { expect, test } from 'vitest';
import { askDns } from '../../support/faults/dns-askers.ts';
import type { ServerProcess } from '../../support/faults/server-process.ts';

const ADDRESS = '127.24.9.9';
const DOWN_MS = 1_200;

test('an answer that was on its way when the process was stopped begins no silence', async () => {
  const server = dgram.createSocket('udp4');
  server.bind(8_600, ADDRESS);
  await once(server, 'listening');
  let held: (() => void)[] | undefined;
  server.on('message', (question, { port, address }) => {
    const answer = Buffer.from(question);
    answer.writeUInt16BE(0x8400, 2);
    answer.writeUInt16BE(1, 6);
    const send = (): void => server.send(answer, port, address);
    if (held === undefined) send();
    else held.push(send);
  });
  const place = { name: 's1', address: ADDRESS, dataDir: '', args: [] };
  const agent = { place, name: 's1', pid: process.pid, upSinceMs: 1 as number | undefined, isUp: true };
  const asker = await askDns([agent as unknown as ServerProcess]);
  const record = asker.records.get('s1');
  await expect.poll(() => record?.answers ?? 0).toBeGreaterThan(3);
  held = [];
  await expect.poll(() => held?.length ?? 0).toBeGreaterThan(0);
  Object.assign(agent, { upSinceMs: undefined, isUp: false });
  await delay(100); // the asker has looked
  for (const send of held) send();
  held = undefined;
  await delay(DOWN_MS);
  Object.assign(agent, { upSinceMs: 2, isUp: true });
  const before = record?.answers ?? 0;
  await expect.poll(() => record?.answers ?? 0).toBeGreaterThan(before + 3);
  asker.stop();
  server.close();
  expect(record?.longestGapMs).toBeLessThan(DOWN_MS - 300);
});
