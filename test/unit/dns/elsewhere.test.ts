import { expect, it } from 'vitest';
import { type MergedRules, mergeRules } from '../../../src/acl/merged-rules.ts';
import { parseRules } from '../../../src/acl/parse-rules.ts';
import { makeAnswerPacket } from '../../../src/dns/answer-packets.ts';
import { DNS_DEFAULTS } from '../../../src/dns/dns-config.ts';
import type { Elsewhere } from '../../../src/dns/elsewhere.ts';
import { makeExplain } from '../../../src/dns/explain/explain.ts';
import { silentLogger } from '../../../src/lib/logger.ts';
import { Metrics } from '../../../src/metrics/metrics.ts';
import { startCatalog } from '../../support/catalog.ts';
import { registration } from '../../support/cluster-rows.ts';
import { type Asked, decoded, queryPacket } from '../../support/dns-rig.ts';
import { seededRandom } from '../../support/seeded-random.ts';

/** A responder without rows at first: `web` can be brought here, names of dc2 are answered by a server. */
async function responder() {
  const { state, installer, writer, clock } = await startCatalog();
  const net = { isUp: true, silentMs: 0, fetched: [] as string[] };
  let isHere = false;
  const elsewhere: Elsewhere = {
    placeOf: (lookup) => {
      if (lookup.kind !== 'service') return undefined;
      if (lookup.at.datacenter === 'dc2') return { kind: 'datacenter', datacenter: 'dc2' };
      return isHere ? undefined : { kind: 'rows', topic: `service:${lookup.service}` };
    },
    silentMs: () => net.silentMs,
    fetch: async (topic) => {
      net.fetched.push(topic);
      if (!net.isUp) return false;
      await writer.submit(registration('n1', 'web', 80));
      isHere = true;
      return true;
    },
    ask: async (asked) => {
      if (!net.isUp) return null;
      const reply = asked.slice();
      reply[2] = (reply[2] as number) | 0x80;
      return reply;
    },
  };
  const parts = {
    view: state.view,
    config: () => DNS_DEFAULTS,
    clock,
    random: seededRandom(1),
    executeQuery: () => undefined,
    elsewhere,
  };
  const answer = makeAnswerPacket({
    ...parts,
    executeQueryBy: () => parts.executeQuery,
    log: silentLogger,
    metrics: new Metrics(),
    onInstalled: (listener) => installer.onInstalled(listener),
  });
  const explain = makeExplain({ ...parts, nodeName: 'n1', checkSinceMs: () => undefined });
  const ask = async (name: string): Promise<Asked> =>
    decoded((await answer(queryPacket(name, 'A'), 'udp', { address: '127.0.0.1' })) as Uint8Array);
  return { net, ask, explain };
}

const request = { name: 'web.service.consul', type: 'A', transport: 'udp', payloadBytes: 0 } as const;

it('rows that are not here are brought for the first question, and the next is answered from them', async () => {
  const { net, ask } = await responder();
  expect((await ask('web.service.consul')).answer).toHaveLength(1);
  expect((await ask('web.service.consul')).answer).toHaveLength(1);
  expect(net.fetched).toEqual(['service:web']);
});

it('where nobody can be reached the answer is SERVFAIL, never that there is no such name', async () => {
  const { net, ask } = await responder();
  net.isUp = false;
  for (const name of ['web.service.consul', 'web.service.dc2.consul'])
    expect((await ask(name)).rcode).toBe('SERVFAIL');
});

it('what a server answers is passed on as it came', async () => {
  const { ask } = await responder();
  const reply = await ask('web.service.dc2.consul');
  expect([reply.flags, reply.rcode]).toEqual([expect.stringContaining('qr'), 'NOERROR']);
});

it('an explanation says who is asked, and how old an answer is that nobody keeps true', async () => {
  const { net, ask, explain } = await responder();
  expect(explain(request)).toMatchObject({ ReasonCode: 'asked_elsewhere', Rcode: '' });
  expect(explain({ ...request, name: 'web.service.dc2.consul' }).Summary).toContain('datacenter "dc2"');
  await ask('web.service.consul');
  expect(explain(request)).toMatchObject({ ReasonCode: 'answered', Summary: '' });
  net.silentMs = 11_200;
  expect(explain(request).Summary).toBe('as it was 12 s ago: no server can be reached');
});

it('what was passed on is answered with the rights of the token that came with it, else with those of DNS', async () => {
  const { state, installer, writer, clock } = await startCatalog();
  await writer.submit(registration('n1', 'web', 80));
  const rules = (text: string) => mergeRules([{ from: 'p', rules: parseRules(text) }], false);
  const sees = rules('service "web" { policy = "read" } node_prefix "" { policy = "read" }');
  const withRights = (own: MergedRules | null) => {
    const config = { ...DNS_DEFAULTS, rights: { own, ofQueries: new Map() } };
    return () => config;
  };
  const [blind, seeing, unknown] = [withRights(rules('')), withRights(sees), withRights(null)];
  const answer = makeAnswerPacket({
    view: state.view,
    config: blind,
    configOf: (token) => (token === 'sees' ? seeing : unknown),
    clock,
    random: seededRandom(1),
    executeQueryBy: () => () => undefined,
    log: silentLogger,
    metrics: new Metrics(),
    onInstalled: (listener) => installer.onInstalled(listener),
  });
  const rcode = async (token?: string): Promise<string> => {
    const packet = queryPacket('web.service.consul', 'A');
    return decoded((await answer(packet, 'udp', { address: '127.0.0.1', token })) as Uint8Array).rcode;
  };
  expect(await rcode()).toBe('NXDOMAIN');
  expect([await rcode('sees'), await rcode('nobody'), await rcode()]).toEqual([
    'NOERROR',
    'SERVFAIL',
    'NXDOMAIN',
  ]);
  await writer.submit({ kind: 'deregister', node: 'n1' });
  expect(await rcode('sees')).toBe('NXDOMAIN');
});
