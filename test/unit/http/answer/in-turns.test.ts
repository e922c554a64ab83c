/** Answers that are long are made in turns, whatever their shape, and whoever asks for them. */
import { describe, expect, test } from 'vitest';
import { entriesFilter, ifRestIsReadable } from '../../../../src/http/access/answer-filters.ts';
import { filtered } from '../../../../src/http/access/permission.ts';
import type { Call } from '../../../../src/http/call-and-reply.ts';
import { filterReply } from '../../../../src/http/pipeline.ts';
import type { Operation } from '../../../../src/http/route.ts';
import { type Answer, startHttp, type TestServer } from '../../../support/http-server.ts';
import { asker } from '../../../support/limited-asker.ts';

/** An answer, and how often the event loop came round before it was there. */
async function inRounds(answering: Promise<Answer>): Promise<{ answer: Answer; rounds: number }> {
  let [rounds, isDone] = [0, false];
  const count = (): void => {
    rounds += 1;
    if (!isDone) setImmediate(count);
  };
  setImmediate(count);
  const answer = await answering;
  isDone = true;
  return { answer, rounds };
}

/** Pieces of at most this many characters are made between two rounds. */
const PIECE = 200_000;

async function expectTurns(server: TestServer, url: string, count: number): Promise<void> {
  const { answer, rounds } = await inRounds(server.get(url));
  expect(rounds).toBeGreaterThan(answer.text.length / PIECE);
  const keys = Object.keys(answer.json() as object);
  expect(keys).toHaveLength(count);
  if (!Array.isArray(answer.json())) expect(keys).toEqual([...keys].sort());
}

const numbers = (count: number): readonly number[] => Array.from({ length: count }, (_, i) => i);

describe('made in turns', () => {
  test('checks and services of an agent', async () => {
    const server = await startHttp();
    const meta = Object.fromEntries(numbers(5).map((i) => [`k${i}`, 'v'.repeat(500)]));
    for (const at of numbers(400)) {
      const Checks = numbers(6).map((i) => ({ CheckID: `c${at}-${i}`, Notes: 'n'.repeat(500), TTL: '1h' }));
      const answer = await server.put('/v1/agent/service/register', { Name: `s${at}`, Meta: meta, Checks });
      expect(answer.status).toBe(200);
    }
    await expectTurns(server, '/v1/agent/checks', 2_400);
    await expectTurns(server, '/v1/agent/services', 400);
  });

  test('names of services, nodes with their services', async () => {
    const server = await startHttp();
    for (const i of numbers(1_200)) {
      const Service = { Service: `s${i}`, Tags: numbers(40).map((at) => `tag-${at}-${'x'.repeat(20)}`) };
      await server.put('/v1/catalog/register', { Node: `node-${i}`, Address: '10.0.0.1', Service });
    }
    await expectTurns(server, '/v1/catalog/services', 1_201);
    await expectTurns(server, '/v1/internal/ui/nodes', 1_201);
    const cached = async () => (await server.get('/v1/catalog/nodes?cached')).headers['x-cache'];
    expect([await cached(), await cached()]).toEqual(['MISS', 'HIT']);
  });
});

describe('what is left for who may not see everything', () => {
  const entries = numbers(10).map((i) => ({ Node: { Node: `n${i % 2}` }, Service: { Service: 'web' } }));
  const call = { params: { '*': 'web' } } as unknown as Call;
  const authorizer = asker('service:read web', 'node:read n1');

  test.each([
    ['a list', entriesFilter],
    ['a list under a name', ifRestIsReadable(entriesFilter)],
  ])('is looked at when it is made: %s', (_name, filter) => {
    let made = 0;
    const at = (index: number): unknown => {
      made += 1;
      return entries[index];
    };
    const operation = { permission: filtered('', filter) } as unknown as Operation;
    const performed = { reply: { status: 200, list: { length: entries.length, at } }, authorizer };
    const { list } = filterReply(operation, performed, call, {} as never);
    expect(made).toBe(0);
    const shown = numbers(list?.length ?? 0).map((index) => list?.at(index));
    expect(shown.filter((entry) => entry !== undefined)).toEqual(
      entries.filter(({ Node }) => Node.Node === 'n1'),
    );
  });

  test('is nothing under a name that may not be read', () => {
    const list = { length: entries.length, at: (index: number) => entries[index] };
    const operation = { permission: filtered('', ifRestIsReadable(entriesFilter)) } as unknown as Operation;
    const performed = { reply: { status: 200, list }, authorizer: asker() };
    expect(filterReply(operation, performed, call, {} as never)).toEqual({ status: 200, value: [] });
  });
});
