/**
 * The history of three servers is one: each has what was done on any of them, a restarted one too, and a reader of the stream
 * goes on at another server where it was.
 */
import { afterAll, beforeAll, expect, test } from 'vitest';
import { askServer } from '../support/ask-cluster.ts';
import { type FaultCluster, startFaultCluster } from '../support/faults/fault-cluster.ts';
import type { ServerProcess } from '../support/faults/server-process.ts';
import { describeWith } from '../support/needs-program.ts';

const SECRET = Buffer.alloc(32, 9).toString('base64');
const WRITES = 6;

let cluster: FaultCluster;
const at = (which: number): ServerProcess => cluster.servers[which % 3] as ServerProcess;

interface Entry {
  readonly ID: string;
  readonly Kind: string;
  readonly Key?: string;
  readonly By?: { readonly Agent: string };
}

async function entriesOf(server: ServerProcess): Promise<readonly Entry[]> {
  const { text } = await askServer(`${server.httpUrl}/v1/history?kind=kv&key=h/`);
  return JSON.parse(text) as readonly Entry[];
}

/** Ids and keys of the events that a stream tells, until there are so many. */
async function told(server: ServerProcess, count: number, after = ''): Promise<readonly string[][]> {
  const controller = new AbortController();
  const headers: Record<string, string> = after === '' ? {} : { 'Last-Event-ID': after };
  const response = await fetch(`${server.httpUrl}/v1/stream?topics=kv:h/`, {
    headers,
    signal: controller.signal,
  });
  const seen: string[][] = [];
  let text = '';
  const decoder = new TextDecoder();
  for await (const piece of response.body ?? []) {
    text += decoder.decode(piece, { stream: true });
    const blocks = text.split('\n\n');
    text = blocks.pop() ?? '';
    for (const block of blocks) {
      const [id, data] = [/^id: (.*)$/m.exec(block)?.[1], /^data: (.*)$/m.exec(block)?.[1]];
      if (id !== undefined && data !== undefined) seen.push([id, data]);
    }
    if (seen.length >= count) break;
  }
  controller.abort();
  return seen;
}

describeWith('etcd', 'the history of three servers', () => {
  beforeAll(async () => {
    cluster = await startFaultCluster({ size: 3, args: ['-encrypt', SECRET] });
    for (let i = 0; i < WRITES; i += 1) await askServer(`${at(i).httpUrl}/v1/kv/h/${i}`, 'PUT', `value ${i}`);
  });
  afterAll(() => cluster?.remove());

  test('is the same on each, and says where something was done', async () => {
    const wanted = Array.from({ length: WRITES }, (_, i) => `h/${i}`);
    for (const server of cluster.servers)
      await expect
        .poll(async () => (await entriesOf(server)).map(({ Key }) => Key).toSorted())
        .toEqual(wanted);
    const [one, two, three] = await Promise.all(cluster.servers.map(entriesOf));
    expect(two).toEqual(one);
    expect(three).toEqual(one);
    expect(new Set(one?.map(({ By }) => By?.Agent)).size).toBe(3);
  });

  test('is there again on a server that was killed and is started', async () => {
    const before = await entriesOf(at(0));
    await at(1).kill();
    at(1).start();
    await expect.poll(() => entriesOf(at(1)), { timeout: 20_000 }).toEqual(before);
  });

  test('lets a reader of the stream go on at another server', async () => {
    const first = await told(at(0), 1);
    const last = first.at(-1)?.[0] ?? '';
    expect(last).not.toBe('');
    await askServer(`${at(2).httpUrl}/v1/kv/h/new`, 'PUT', 'news');
    const [next] = await told(at(2), 1, last);
    expect(next?.[1]).toContain('h/new');
  });
});
