/** Reads of rows that a client agent follows by the right of somebody else, and follows no more once that is lost. */
import { beforeEach, describe, expect, test } from 'vitest';
import type { TopicIndexes } from '../../../src/catalog/topics.ts';
import type { Reply } from '../../../src/http/call-and-reply.ts';
import type { AnswerElsewhere } from '../../../src/http/elsewhere-port.ts';
import { KeptBodies } from '../../../src/http/kept-bodies.ts';
import { startHttp, type TestServer } from '../../support/http-server.ts';

const URL = '/v1/health/service/web';
const TOPIC = 'service:web';

let server: TestServer;
/** The topics that are here. */
const followed = new Set<string>();
/** URLs that were asked for elsewhere. */
let asked: string[];
/** What becomes of a question whose rows are not here: they are brought, or somebody else answers. */
let become: Reply | 'here';
/** Held back until it is known who asks; undefined once that is so. */
let unknown: Promise<void> | undefined;

const elsewhere: AnswerElsewhere = (operation, call) => {
  const topic = operation.followed?.(call);
  if (topic === undefined || followed.has(topic)) return undefined;
  asked.push(call.url);
  if (become === 'here') followed.add(topic);
  return Promise.resolve(become);
};

function giveUp(): void {
  followed.delete(TOPIC);
  server.watch.wake([TOPIC]);
}

async function parked(): Promise<void> {
  while (server.watch.parked === 0) await new Promise((resolve) => setImmediate(resolve));
}

beforeEach(async () => {
  followed.clear();
  asked = [];
  become = 'here';
  unknown = undefined;
  const indexes: Pick<TopicIndexes, 'of'> = {
    of: (topics) => {
      const all = [...topics];
      const isGone = all.some((topic) => topic.startsWith('service:') && !followed.has(topic));
      return isGone ? 0 : server.indexes.of(all);
    },
  };
  server = await startHttp({}, { elsewhere, indexes, knowAsker: () => unknown });
  await server.put('/v1/catalog/register', {
    Node: 'a',
    Address: '10.0.0.1',
    Service: { Service: 'web', Port: 80 },
  });
  return () => server.app.close();
});

describe('who waits for a change of rows that are given up', () => {
  test.each(['', '&cached'])('is answered at once from rows that are brought anew%s', async (more) => {
    const index = String((await server.get(URL)).headers['x-consul-index']);
    const waiting = server.get(`${URL}?index=${index}&wait=5m${more}`);
    await parked();
    giveUp();
    const answer = await waiting;
    expect([answer.headers['x-consul-index'], answer.json()]).toMatchObject([
      index,
      [{ Service: { Port: 80 } }],
    ]);
    expect(asked).toHaveLength(2);
  });

  test('is passed on without the wait that is behind him', async () => {
    const index = String((await server.get(URL)).headers['x-consul-index']);
    const waiting = server.get(`${URL}?index=${index}&passing&wait=5m&token=t`);
    await parked();
    become = { status: 403, text: 'from a server' };
    giveUp();
    const answer = await waiting;
    expect([answer.status, answer.text]).toEqual([403, 'from a server']);
    expect(asked).toEqual([URL, `${URL}?passing&token=t`]);
  });

  test('is answered from rows that somebody else had brought meanwhile', async () => {
    const index = String((await server.get(URL)).headers['x-consul-index']);
    const waiting = server.get(`${URL}?index=${index}&wait=5m`);
    await parked();
    giveUp();
    followed.add(TOPIC);
    await server.put('/v1/catalog/register', {
      Node: 'a',
      Address: '10.0.0.1',
      Service: { Service: 'web', Port: 81 },
    });
    expect((await waiting).json()).toMatchObject([{ Service: { Port: 81 } }]);
    expect(asked).toEqual([URL]);
  });
});

test('rows that are given up while it is asked who asks are brought again', async () => {
  await server.get(URL);
  const { promise, resolve } = Promise.withResolvers<void>();
  unknown = promise;
  const asking = server.get(`${URL}?passing`);
  await new Promise((next) => setImmediate(next));
  giveUp();
  unknown = undefined;
  resolve();
  const answer = await asking;
  expect([Number(answer.headers['x-consul-index']) > 0, answer.json()]).toMatchObject([
    true,
    [{ Service: { Port: 80 } }],
  ]);
});

test('an answer under the index 0 is never kept', () => {
  const kept = new KeptBodies({ of: () => 0 });
  const rendered = { status: 200, headers: {}, body: Buffer.from('[]') };
  kept.put(URL, { rendered: rendered as never, topics: [TOPIC], index: 0 });
  expect(kept.get(URL)).toBeUndefined();
});
