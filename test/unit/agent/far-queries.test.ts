import { expect, it } from 'vitest';
import { farQueryMethods, makeAnswerFarQuery, otherDatacenters } from '../../../src/agent/far-queries.ts';
import type { FarQuery } from '../../../src/catalog/query-failover.ts';
import type { Datacenters } from '../../../src/cluster/datacenters.ts';
import { DNS_DEFAULTS } from '../../../src/dns/dns-config.ts';
import { ALLOW_ALL, type Authorizer } from '../../../src/http/access/right.ts';
import { silentLogger } from '../../../src/lib/logger.ts';
import { AppError } from '../../../src/model/errors.ts';
import type { QueryRow } from '../../../src/model/types.ts';
import type { CallEnd } from '../../../src/rpc/rpc-connection.ts';
import type { RpcCall } from '../../../src/rpc/rpc-server.ts';
import { startCatalog } from '../../support/catalog.ts';
import { registration } from '../../support/cluster-rows.ts';
import { instanceRow } from '../../support/instance-row.ts';
import { seededRandom } from '../../support/seeded-random.ts';

const NOTHING: Authorizer = { ...ALLOW_ALL, isUnlimited: false, allows: () => false };

/** A datacenter with two instances of `web`, whose only token is `good`. */
async function started() {
  const { state, writer } = await startCatalog();
  for (const node of ['n1', 'n2']) await writer.submit(registration(node, 'web', 80));
  const document = {
    Token: '',
    Template: { Type: '', Regexp: '', RemoveEmptyTags: false },
    Service: {
      Service: 'web',
      Failover: { NearestN: 1, Datacenters: null },
      OnlyPassing: false,
      IgnoreCheckIDs: null,
      Near: '_agent',
      Tags: null,
      NodeMeta: null,
      ServiceMeta: null,
      Connect: false,
    },
    DNS: { TTL: '5s' },
  };
  const query = { id: 'q', name: 'q', isTemplate: false, session: '', document } as unknown as QueryRow;
  const answer = makeAnswerFarQuery({
    view: state.view,
    dnsConfig: () => DNS_DEFAULTS,
    authorizerOf: ({ headers }) => {
      const token = headers['x-consul-token'];
      if (token === undefined) return NOTHING;
      if (token !== 'good') throw new AppError('forbidden', 'ACL not found');
      return ALLOW_ALL;
    },
    random: seededRandom(1),
  });
  const ask = (fields: Partial<FarQuery>) =>
    answer({ query, limit: 0, isConnect: false, token: 'good', ...fields }) as { nodes: unknown[] };
  return { ask, query };
}

it('another datacenter is told what its token may see here, and no more than it wants', async () => {
  const { ask } = await started();
  expect(ask({})).toMatchObject({ service: 'web', ttl: '5s', nodes: [{}, {}] });
  expect(ask({ limit: 1 }).nodes).toHaveLength(1);
  expect(ask({ token: null }).nodes).toHaveLength(2);
  expect(ask({ token: '' }).nodes).toEqual([]);
  expect(() => ask({ token: 'bad' })).toThrow('ACL not found');
});

it('what is no query is refused', async () => {
  const { ask, query } = await started();
  const odd = { ...query, document: { ...query.document, Service: { Service: 7 } } };
  for (const fields of [{ query: null }, { query: odd }, { limit: 'x' }, { token: 5 }])
    expect(() => ask(fields as never)).toThrow(AppError);
});

it('rows of another datacenter that nobody can read are no answer, and refusals neither', async () => {
  const { query } = await started();
  let end: CallEnd = { kind: 'unsent', why: 'nobody there' };
  const datacenters = { names: () => ['dc1', 'dc2'], call: async () => end } as unknown as Datacenters;
  const others = otherDatacenters(datacenters, silentLogger);
  const asked = { query, limit: 0, isConnect: false, token: null };
  const execute = () => others.execute('dc2', asked, 1_000);
  expect(others.names()).toEqual(['dc2']);
  expect(await execute()).toBeUndefined();
  const good = instanceRow('n1', 'web');
  for (const nodes of [[{ ...good, node: null }], [{ ...good, status: 'x' }], 'none']) {
    end = { kind: 'answered', value: { service: 'web', ttl: '', nodes } };
    expect(await execute()).toBeUndefined();
  }
  end = { kind: 'answered', value: { service: 'web', ttl: '', nodes: [good] } };
  expect((await execute())?.nodes).toEqual([good]);
});

it('who is no server of the datacenter that it speaks for is told nothing', async () => {
  const { 'execute-query': execute } = farQueryMethods(() => () => 'answer');
  const isServer = (datacenter?: string): boolean => datacenter === 'dc2';
  const call = { peer: { isServer } } as RpcCall;
  expect(await execute({ from: 'dc2' }, call)).toBe('answer');
  for (const request of [null, {}, { from: 'dc3' }, { from: 7 }])
    await expect(execute(request, call)).rejects.toMatchObject({ code: 'forbidden' });
});
