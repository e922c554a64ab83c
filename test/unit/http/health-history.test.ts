/**
 * The past of instances, put together from the history: it has to agree with what the catalog said at every moment.
 */
import { describe, expect, test } from 'vitest';
import type { Authorizer } from '../../../src/http/access/right.ts';
import { startHttp, type TestServer } from '../../support/http-server.ts';
import { seededRandom } from '../../support/seeded-random.ts';

interface Span {
  readonly At: string;
  readonly Status: string;
}

interface PastDocument {
  readonly From: string;
  readonly Instances: readonly {
    readonly Node: string;
    readonly ServiceID: string;
    readonly UpShare: number | null;
    readonly Falls: number;
    readonly IsFlapping: boolean;
    readonly Spans: readonly Span[];
  }[];
  readonly Omitted: number;
  readonly Steady: Readonly<Record<string, number>>;
}

const pastOf = async (server: TestServer, query: string): Promise<PastDocument> =>
  (await server.get(`/v1/history/health?${query}`)).json() as PastDocument;

const SECOND_MS = 1_000;
const ADDRESS = '10.0.0.1';

const register = (node: string, id: string, status: string) => ({
  Node: node,
  Address: ADDRESS,
  Service: { ID: id, Service: 'web' },
  Check: { CheckID: `c-${id}`, ServiceID: id, Name: 'c', Status: status },
});

/** The state of an instance of `web` as the API shows it now. */
async function statesNow(server: TestServer): Promise<ReadonlyMap<string, string>> {
  const entries = (await server.get('/v1/health/service/web')).json() as readonly {
    readonly Node: { readonly Node: string };
    readonly Service: { readonly ID: string };
    readonly Checks: readonly { readonly CheckID: string; readonly Status: string }[];
  }[];
  return new Map(
    entries.map(({ Node, Service, Checks }) => {
      const found = Checks.map(({ CheckID, Status }) => (CheckID.startsWith('_') ? 'maintenance' : Status));
      const worst = ['maintenance', 'critical', 'warning'].find((status) => found.includes(status));
      return [`${Node.Node}/${Service.ID}`, worst ?? 'passing'];
    }),
  );
}

const statusAt = (spans: readonly Span[], atMs: number): string =>
  spans.findLast(({ At }) => Date.parse(At) <= atMs)?.Status ?? 'absent';

describe('/v1/history/health', () => {
  test.each([1, 2, 3, 4])('says what the catalog said at every moment (seed %i)', async (seed) => {
    const server = await startHttp();
    const random = seededRandom(seed);
    const pick = <T>(list: readonly T[]): T => list[random.below(list.length)] as T;
    const [nodes, ids, statuses] = [
      ['a', 'b'],
      ['w1', 'w2', 'w3'],
      ['passing', 'warning', 'critical'],
    ];
    const steps: readonly (() => Promise<unknown>)[] = [
      () => server.put('/v1/catalog/register', register(pick(nodes), pick(ids), pick(statuses))),
      () => server.put('/v1/catalog/register', register(pick(nodes), pick(ids), pick(statuses))),
      () => server.put('/v1/catalog/deregister', { Node: pick(nodes), ServiceID: pick(ids) }),
      () => server.put('/v1/catalog/deregister', { Node: pick(nodes), CheckID: `c-${pick(ids)}` }),
      () =>
        server.put('/v1/catalog/register', {
          Node: pick(nodes),
          Address: ADDRESS,
          Check: { CheckID: 'disk', Name: 'disk', Status: pick(statuses) },
        }),
      () =>
        server.put('/v1/catalog/register', {
          Node: pick(nodes),
          Address: ADDRESS,
          Check: { CheckID: 'serfHealth', Name: 'Serf', Status: pick(['passing', 'critical']) },
        }),
      () =>
        server.put('/v1/catalog/register', {
          Node: pick(nodes),
          Address: ADDRESS,
          Check: { CheckID: '_node_maintenance', Name: 'n', Status: 'critical' },
        }),
      () =>
        server.put('/v1/catalog/deregister', {
          Node: pick(nodes),
          CheckID: pick(['_node_maintenance', 'disk']),
        }),
      () =>
        random.below(4) === 0 ? server.put('/v1/catalog/deregister', { Node: pick(nodes) }) : server.get('/'),
    ];
    const seen: { readonly atMs: number; readonly states: ReadonlyMap<string, string> }[] = [];
    for (let step = 0; step < 150; step++) {
      server.clock.advance(SECOND_MS);
      await pick(steps)();
      seen.push({ atMs: server.clock.now(), states: await statesNow(server) });
    }
    for (const query of ['service=web', 'node=a']) {
      const past = await pastOf(server, query);
      const told = new Map(past.Instances.map((each) => [`${each.Node}/${each.ServiceID}`, each]));
      const wrong = seen.flatMap(({ atMs, states }) =>
        nodes
          .filter((node) => query !== 'node=a' || node === 'a')
          .flatMap((node) => ids.map((id) => `${node}/${id}`))
          .map((key) => [atMs, key, states.get(key) ?? 'absent', statusAt(told.get(key)?.Spans ?? [], atMs)])
          .filter(([, , said, remembered]) => said !== remembered),
      );
      expect(wrong).toEqual([]);
    }
  });

  test('begins in the middle: what was before the stretch is put together backwards', async () => {
    const server = await startHttp();
    await server.put('/v1/catalog/register', register('a', 'w1', 'passing'));
    await server.put('/v1/catalog/register', register('b', 'w2', 'critical'));
    server.clock.advance(60 * SECOND_MS);
    await server.put('/v1/catalog/register', register('a', 'w1', 'critical'));
    server.clock.advance(10 * SECOND_MS);
    await server.put('/v1/catalog/register', register('a', 'w1', 'passing'));
    server.clock.advance(10 * SECOND_MS);
    const { Instances, Steady } = await pastOf(server, 'service=web&since=40s');
    expect(Instances).toEqual([
      expect.objectContaining({
        Node: 'a',
        ServiceID: 'w1',
        UpShare: 0.75,
        Falls: 1,
        IsFlapping: false,
        Spans: [
          expect.objectContaining({ Status: 'passing' }),
          expect.objectContaining({ Status: 'critical' }),
          expect.objectContaining({ Status: 'passing' }),
        ],
      }),
    ]);
    expect(Steady).toEqual({ passing: 0, warning: 0, critical: 1, maintenance: 0 });
  });

  test('an instance that falls three times within an hour is flapping; one that did so before is not', async () => {
    const server = await startHttp();
    for (let time = 0; time < 3; time++)
      for (const status of ['passing', 'critical']) {
        server.clock.advance(SECOND_MS);
        await server.put('/v1/catalog/register', register('a', 'w1', status));
      }
    expect((await pastOf(server, 'service=web')).Instances[0]).toMatchObject({ Falls: 3, IsFlapping: true });
    server.clock.advance(3_600 * SECOND_MS);
    expect((await pastOf(server, 'service=web')).Instances[0]).toMatchObject({ Falls: 3, IsFlapping: false });
  });

  test('a stretch of which not everything is remembered begins where the memory does', async () => {
    const server = await startHttp();
    const { From } = await pastOf(server, 'service=web&since=24h');
    expect(Date.parse(From)).toBeGreaterThan(server.clock.now() - 24 * 3_600 * SECOND_MS);
  });

  test('gone is told with its node, and spans of one instance are bounded', async () => {
    const server = await startHttp();
    for (let time = 0; time < 300; time++) {
      server.clock.advance(SECOND_MS);
      await server.put('/v1/catalog/register', register('a', 'w1', time % 2 === 0 ? 'passing' : 'critical'));
    }
    await server.put('/v1/catalog/deregister', { Node: 'a' });
    const { Instances } = await pastOf(server, 'service=web');
    expect(Instances[0]?.Spans.at(-1)?.Status).toBe('absent');
    expect(Instances[0]?.Spans.length).toBe(200);
    expect(Instances[0]?.Falls).toBe(150);
  });

  test('refuses what names neither or both, and times that are none', async () => {
    const server = await startHttp();
    for (const query of ['', 'service=a&node=b', 'service=a&since=x', 'service=a&since=0'])
      expect((await server.get(`/v1/history/health?${query}`)).status).toBe(400);
  });

  test('is for those who may read what is asked for', async () => {
    const reader: Authorizer = {
      isUnlimited: false,
      group: 'none',
      accessorId: 'accessor-1',
      allows: ({ level }) => level !== 'read',
    };
    const server = await startHttp({}, { authorizerOf: () => reader });
    await server.put('/v1/catalog/register', register('a', 'w1', 'passing'));
    expect(await pastOf(server, 'service=web')).toMatchObject({ Instances: [], Steady: {} });
  });
});
