/** Prepared queries that find nothing here, over DNS: what other datacenters find, in their names. */
import { expect, it } from 'vitest';
import { makeAnswerPacket } from '../../../src/dns/answer-packets.ts';
import { DNS_DEFAULTS } from '../../../src/dns/dns-config.ts';
import type { FoundFar } from '../../../src/dns/elsewhere.ts';
import { makeExplain } from '../../../src/dns/explain/explain.ts';
import { makeExecuteQuery } from '../../../src/dns/prepared.ts';
import { silentLogger } from '../../../src/lib/logger.ts';
import { Metrics } from '../../../src/metrics/metrics.ts';
import { startCatalog } from '../../support/catalog.ts';
import { registration } from '../../support/cluster-rows.ts';
import { type Asked, decoded, queryPacket } from '../../support/dns-rig.ts';
import { instanceRow } from '../../support/instance-row.ts';
import { seededRandom } from '../../support/seeded-random.ts';

async function responder() {
  const { state, installer, writer, clock } = await startCatalog();
  const net: { found: FoundFar | undefined; asked: number } = { found: undefined, asked: 0 };
  const [view, config, random] = [state.view, () => DNS_DEFAULTS, seededRandom(1)];
  const parts = {
    view,
    config,
    clock,
    random,
    executeQuery: makeExecuteQuery({ view, config, nodeName: 'n1', distance: () => 1, random }),
    elsewhere: {
      placeOf: () => undefined,
      fetch: async () => true,
      ask: async () => null,
      failsOver: () => true,
      failOver: async () => {
        net.asked += 1;
        return net.found;
      },
    },
  };
  const answer = makeAnswerPacket({
    ...parts,
    executeQueryBy: () => parts.executeQuery,
    log: silentLogger,
    metrics: new Metrics(),
    onInstalled: (listener) => installer.onInstalled(listener),
  });
  const explain = makeExplain({ ...parts, nodeName: 'n1', checkSinceMs: () => undefined });
  const document = {
    Token: '',
    Template: { Type: '', Regexp: '', RemoveEmptyTags: false },
    Service: {
      Service: 'web',
      Failover: { NearestN: 1, Datacenters: null },
      OnlyPassing: false,
      IgnoreCheckIDs: null,
      Near: '',
      Tags: null,
      NodeMeta: null,
      ServiceMeta: null,
      Connect: false,
    },
    DNS: { TTL: '' },
  };
  const query = { id: '', name: 'q', isTemplate: false, session: '', document };
  await writer.submit({ kind: 'query-put', query });
  const ask = async (type: string): Promise<Asked> =>
    decoded(
      (await answer(queryPacket('q.query.consul', type), 'udp', { address: '127.0.0.1' })) as Uint8Array,
    );
  return { net, ask, explain, register: () => writer.submit(registration('n1', 'web', 81)) };
}

const FAR: FoundFar = {
  service: 'web',
  instances: [instanceRow('far1', 'web', '10.2.0.1', 82)],
  ttlSeconds: 7,
  datacenter: 'dc2',
};

it('what another datacenter finds is the answer, in the names of that datacenter', async () => {
  const { net, ask } = await responder();
  net.found = FAR;
  expect((await ask('A')).answer).toEqual(['q.query.consul. 7 IN A 10.2.0.1']);
  const srv = await ask('SRV');
  expect(srv.answer).toEqual(['q.query.consul. 7 IN SRV 1 1 82 far1.node.dc2.consul.']);
  expect(srv.additional).toEqual(['far1.node.dc2.consul. 7 IN A 10.2.0.1']);
});

it('where nobody finds anything, the name does not exist', async () => {
  const { ask, net } = await responder();
  expect([(await ask('A')).rcode, net.asked]).toEqual(['NXDOMAIN', 1]);
});

it('what is here is answered from here, and nobody else is asked', async () => {
  const { ask, net, register } = await responder();
  net.found = FAR;
  await register();
  expect((await ask('SRV')).answer).toEqual([expect.stringContaining(' 81 n1.node.dc1.consul.')]);
  expect(net.asked).toBe(0);
});

it('an explanation says so', async () => {
  const { explain } = await responder();
  const request = { name: 'q.query.consul', type: 'A', transport: 'udp', payloadBytes: 0 } as const;
  expect(explain(request)).toMatchObject({
    ReasonCode: 'asked_elsewhere',
    Summary: 'nothing fits here: the query goes on in other datacenters',
  });
});
