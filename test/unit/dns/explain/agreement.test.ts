/**
 * What is explained is what is answered: for generated catalogs, configurations and questions, the explanation and the
 * packet have the same rcode, records, size and truncation, and both are forwarded or neither is.
 *
 * The seed is printed with a failure; ROLLCALL_FUZZ_SEED replays it.
 */
import { expect, test } from 'vitest';
import { select } from '../../../../src/catalog/select.ts';
import { DNS_DEFAULTS, type DnsConfig } from '../../../../src/dns/dns-config.ts';
import { makeExplain } from '../../../../src/dns/explain/explain.ts';
import { recordText } from '../../../../src/dns/explain/record-text.ts';
import type { Upstream } from '../../../../src/dns/upstream/recurse.ts';
import type { Random } from '../../../../src/lib/random.ts';
import type { DnsExplanation, ExplainRequest } from '../../../../src/model/explanation.ts';
import type { ServiceId, ServiceName } from '../../../../src/model/types.ts';
import { FLAG, rcodeName } from '../../../../src/wire/constants.ts';
import { decodeMessage } from '../../../../src/wire/message.ts';
import { nameFromText } from '../../../../src/wire/name.ts';
import { checkRow, dnsRig, nodeRow, queryPacket, serviceRow } from '../../../support/dns-rig.ts';
import { seededRandom } from '../../../support/seeded-random.ts';

const SEED = Number(process.env['ROLLCALL_FUZZ_SEED'] ?? Math.floor(Math.random() * 2 ** 31));
const CATALOGS = 25;
const QUESTIONS = 60;

const random = seededRandom(SEED);
const pick = <T>(list: readonly T[]): T => list[random.below(list.length)] as T;
const chance = (share: number): boolean => random.next() < share;

/** Which of several host names is the alias is drawn by `next`: always the same, so that both draw it alike. */
const STEADY: Random = { ...random, next: () => 0.3, below: (limit) => random.below(limit) };

const RECURSOR = { address: '192.0.2.53', port: 53 };
const ADDRESSES = [
  '',
  '',
  '10.1.0.9',
  '2001:db8::9',
  'host.service.consul',
  'www.example.org',
  'n2.node.consul',
  '..',
];

function config(): DnsConfig {
  return {
    ...DNS_DEFAULTS,
    recursors: chance(0.5) ? [RECURSOR] : [],
    altDomain: chance(0.3) ? 'alt.example' : null,
    onlyPassing: chance(0.3),
    nodeTtlSeconds: random.below(3),
    serviceTtlSeconds: { 'w*': 7 },
    udpAnswerLimit: random.below(5),
    aRecordLimit: chance(0.2) ? 2 : 0,
    enableTruncate: chance(0.5),
    disableCompression: chance(0.2),
    enableAdditionalNodeMetaTxt: chance(0.5),
    extendedErrors: chance(0.7),
    emptyAnswer: { policy: pick(['nxdomain', 'nodata', 'fail_open']), protectThreshold: pick([0, 0.6]) },
    maxUdpPayloadBytes: pick([512, 1_232, 8_192]),
  };
}

function fill(rig: ReturnType<typeof dnsRig>): void {
  for (const name of ['n1', 'n2', 'N3']) {
    const meta = chance(0.5) ? { zone: 'a', 'rfc1035-note': 'b' } : null;
    rig.put(nodeRow(name, pick(['10.0.0.1', '10.0.0.2', '::2', 'node.example.org']), { meta }));
  }
  for (let i = random.below(40); i > 0; i -= 1) {
    const [node, name] = [pick(['n1', 'n2', 'N3']), pick(['web', 'web', 'host', 'consul'])];
    const tags = chance(0.5) ? ['v1'] : [];
    const [id, address] = [`${name}-${i}` as ServiceId, chance(0.5) ? `10.2.0.${i}` : pick(ADDRESSES)];
    const meta = chance(0.5) ? { 'svcb-alpn': 'h2' } : null;
    rig.put(serviceRow(node, name, { id, address, tags, meta, port: 80 + (i % 2) }));
    const status = pick(['passing', 'passing', 'warning', 'critical'] as const);
    rig.put(checkRow(node, `c-${id}`, status, { serviceId: id, serviceName: name as ServiceName }));
  }
}

const NAMES = [
  'web.service.consul',
  'v1.web.service.consul',
  'nope.web.service.consul',
  '_web._tcp.consul',
  'WEB.service.dc1.consul',
  'web.service.dc2.consul',
  'web.service.p.peer.consul',
  'host.service.consul',
  'nobody.service.consul',
  'web.service.alt.example',
  'n1.node.consul',
  'n3.node.consul',
  'n9.node.consul',
  'q.query.consul',
  'no.query.consul',
  'web.connect.consul',
  'web.ingress.consul',
  'web.virtual.consul',
  '0a000001.addr.consul',
  'consul',
  'ns.consul',
  'x.y.consul',
  'example.org',
  '1.0.0.10.in-addr.arpa',
  '9.9.9.9.in-addr.arpa',
  '9.in-addr.arpa',
  'consul.service.consul',
];
const TYPES = [
  'A',
  'A',
  'AAAA',
  'SRV',
  'ANY',
  'TXT',
  'NS',
  'SOA',
  'PTR',
  'CNAME',
  'AXFR',
  'IXFR',
  'HTTPS',
  'SVCB',
  'TYPE66',
];

interface Replied {
  readonly isForwarded: boolean;
  readonly rcode: string;
  readonly answers: readonly string[];
  readonly others: readonly string[];
  readonly isTruncated: boolean;
  readonly bytes: number;
}

function replied(raw: Uint8Array, name: string, isForwarded: boolean): Replied {
  const message = decodeMessage(raw);
  if (message === undefined) throw new Error('malformed reply');
  const qname = nameFromText(name) as Uint8Array;
  const texts = (records: typeof message.answers): string[] => records.map((each) => recordText(each, qname));
  return {
    isForwarded,
    rcode: rcodeName(message.rcode),
    answers: texts(message.answers).sort(),
    others: [...texts(message.authority), ...texts(message.additional)].sort(),
    isTruncated: (message.flags & FLAG.TC) !== 0,
    bytes: raw.length,
  };
}

function explained(told: DnsExplanation): Replied {
  return {
    isForwarded: told.ReasonCode === 'forwarded',
    rcode: told.Rcode,
    answers: told.Answer.toSorted(),
    others: [...told.Authority, ...told.Additional].sort(),
    isTruncated: told.Truncated,
    bytes: told.Bytes,
  };
}

/** Which ones are sent where not all fit is drawn for each reply, and so is how many fit where they differ in size. */
function expectSame(told: DnsExplanation, reply: Replied, what: string): void {
  const said = explained(told);
  if (said.isForwarded || reply.isForwarded) {
    expect(said.isForwarded, what).toBe(reply.isForwarded);
    return;
  }
  const isRefused = told.ReasonCode === 'outside_zone' || told.ReasonCode === 'not_implemented';
  if (isRefused) expect({ ...reply, bytes: 0 }, what).toEqual(said);
  else if (told.AnswersAvailable === told.Answer.length) {
    // The order is drawn for each reply, and with it what compression saves.
    const bytes = told.Answer.length > 1 ? { bytes: 0 } : {};
    expect({ ...said, ...bytes }, what).toEqual({ ...reply, ...bytes });
  } else {
    expect([said.rcode, said.isTruncated], what).toEqual([reply.rcode, reply.isTruncated]);
    expect(reply.answers.length, what).toBeLessThan(told.AnswersAvailable);
  }
}

async function compare(asked: readonly ExplainRequest[]): Promise<void> {
  let forwards = 0;
  const upstream: Upstream = {
    forward: async (query) => {
      forwards += 1;
      const reply = Uint8Array.from(query);
      reply[2] = (reply[2] as number) | (FLAG.QR >>> 8);
      return { kind: 'reply', reply };
    },
    addressesOf: async () => [],
  };
  const settings = config();
  const rig = dnsRig({
    config: settings,
    upstream,
    random: STEADY,
    executeQuery: (name) => (name === 'q' ? found() : undefined),
  });
  const found = () => {
    const known = select(rig.state.view, 'web', { onlyPassing: false });
    const chosen = known.filter(({ verdict }) => verdict.isIn);
    return { service: 'web', known, chosen, ttlSeconds: 3 };
  };
  fill(rig);
  const { view } = rig.state;
  const executeQuery = (name: string) => (name === 'q' ? found() : undefined);
  const { clock } = rig;
  const explain = makeExplain({
    checkSinceMs: () => undefined,
    view,
    config: () => settings,
    executeQuery,
    random: STEADY,
    clock,
    nodeName: 'n1',
  });
  for (const request of asked) {
    const { name, type, transport, payloadBytes } = request;
    const what = `seed ${SEED}: ${JSON.stringify({ ...request, ...settings })}`;
    const asking = { tcp: transport === 'tcp', ...(payloadBytes > 0 && { edns: payloadBytes }) };
    // Twice: the second one may be an answer that was kept.
    for (let turn = 0; turn < 2; turn += 1) {
      const before = forwards;
      const reply = await rig.send(queryPacket(name, type, asking), asking);
      if (reply === undefined) throw new Error(`no reply, ${what}`);
      expectSame(explain(request), replied(reply.raw, name, forwards > before), what);
    }
  }
}

function questions(): readonly ExplainRequest[] {
  return Array.from({ length: QUESTIONS }, () => ({
    name: pick(NAMES),
    type: pick(TYPES),
    transport: pick(['udp', 'udp', 'tcp'] as const),
    payloadBytes: pick([0, 512, 1_232, 4_096, 65_535]),
  }));
}

test(`explanations are what is answered (seed ${SEED})`, { timeout: 60_000 }, async () => {
  for (let i = 0; i < CATALOGS; i += 1) await compare(questions());
});
