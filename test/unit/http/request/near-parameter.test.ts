import { beforeEach, expect, test } from 'vitest';
import { startHttp, type TestServer } from '../../../support/http-server.ts';

let server: TestServer;
beforeEach(async () => {
  server = await startHttp();
  for (const [Node, Address, x] of [
    ['a-far', '10.0.0.1', 0.3],
    ['b-lost', '10.0.0.2', undefined],
    ['c-near', '10.0.0.3', 0.1],
  ] as const) {
    const Check = { Name: 'up', Status: 'passing', ServiceID: 'web' };
    await server.put('/v1/catalog/register', { Node, Address, Service: { Service: 'web' }, Check });
    if (x !== undefined) await place(Node, x);
  }
  return () => server.app.close();
});

const place = (Node: string, x: number) => {
  const Coord = { Vec: [x, 0, 0, 0, 0, 0, 0, 0], Error: 1, Adjustment: 0, Height: 0 };
  return server.put('/v1/coordinate/update', { Node, Coord });
};

/** Names of nodes in the order of an answer, without the agent's own. */
async function order(url: string, headers: Record<string, string> = {}): Promise<string[]> {
  const rows = (await server.get(url, headers)).json() as { Node: string | { Node: string } }[];
  return rows
    .map(({ Node }) => (typeof Node === 'string' ? Node : Node.Node))
    .filter((name) => name !== 'n1');
}

test.each([
  '/v1/health/service/web',
  '/v1/health/checks/web',
  '/v1/health/state/passing',
  '/v1/catalog/service/web',
  '/v1/catalog/nodes',
])('%s is sorted by distance, unknown places last, and by name without near', async (path) => {
  expect(await order(path)).toEqual(['a-far', 'b-lost', 'c-near']);
  expect(await order(`${path}?near=_agent`)).toEqual(['c-near', 'a-far', 'b-lost']);
  expect(await order(`${path}?near=a-far`)).toEqual(['a-far', 'c-near', 'b-lost']);
  expect(await order(`${path}?near=_ip`, { 'x-forwarded-for': '10.0.0.1' })).toEqual([
    'a-far',
    'c-near',
    'b-lost',
  ]);
  expect(await order(`${path}?near=nowhere`)).toEqual(['a-far', 'b-lost', 'c-near']);
});

test('an order by distance is not kept when the places change', async () => {
  expect(await order('/v1/health/service/web?near=_agent')).toEqual(['c-near', 'a-far', 'b-lost']);
  await place('a-far', 0.01);
  expect(await order('/v1/health/service/web?near=_agent')).toEqual(['a-far', 'c-near', 'b-lost']);
});
