/** Packets that other agents pass on: `_agent` is the one that was asked. */
import { expect, it } from 'vitest';
import { makeAnswerPacket } from '../../../src/dns/answer-packets.ts';
import { DNS_DEFAULTS } from '../../../src/dns/dns-config.ts';
import { makeExecuteQuery } from '../../../src/dns/prepared.ts';
import { silentLogger } from '../../../src/lib/logger.ts';
import { Metrics } from '../../../src/metrics/metrics.ts';
import { startCatalog } from '../../support/catalog.ts';
import { registration } from '../../support/cluster-rows.ts';
import { decoded, queryPacket } from '../../support/dns-rig.ts';
import { seededRandom } from '../../support/seeded-random.ts';

it('a query that wants the nearest gives those of the agent that passed it on first', async () => {
  const { state, installer, writer, clock } = await startCatalog();
  for (const [node, port] of [
    ['n1', 81],
    ['n2', 82],
  ] as const)
    await writer.submit(registration(node, 'web', port));
  const Service = {
    Service: 'web',
    Failover: { NearestN: 0, Datacenters: null },
    OnlyPassing: false,
    IgnoreCheckIDs: null,
    Near: '_agent',
    Tags: null,
    NodeMeta: null,
    ServiceMeta: null,
    Connect: false,
  };
  const Template = { Type: '', Regexp: '', RemoveEmptyTags: false };
  const document = { Token: '', Template, Service, DNS: { TTL: '' } };
  const query = { id: '', name: 'q', isTemplate: false, session: '', document };
  await writer.submit({ kind: 'query-put', query });
  const [view, config, random] = [state.view, () => DNS_DEFAULTS, seededRandom(1)];
  const executeQuery = makeExecuteQuery({ view, config, nodeName: 's1', distance: () => 1, random });
  const answer = makeAnswerPacket({
    view,
    config,
    clock,
    random,
    executeQueryBy: () => executeQuery,
    log: silentLogger,
    metrics: new Metrics(),
    elsewhere: undefined,
    onInstalled: (listener) => installer.onInstalled(listener),
  });
  const firstOf = async (agentNode: string): Promise<string | undefined> => {
    const asker = { address: '10.0.0.1', agentNode };
    const packet = queryPacket('q.query.consul', 'SRV');
    return decoded((await answer(packet, 'udp', asker)) as Uint8Array).answer[0];
  };
  for (const node of ['n2', 'n1', 'n2', 'n1'])
    expect(await firstOf(node)).toContain(` ${node}.node.dc1.consul.`);
});
