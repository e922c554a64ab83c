/**
 * The DNS side without sockets: a catalog to fill, a handler to ask, replies decoded to text.
 */

import type { Change } from '../../src/catalog/state.ts';
import { State } from '../../src/catalog/state.ts';
import { TABLES } from '../../src/catalog/tables.ts';
import { topicsOf } from '../../src/catalog/topics.ts';
import { makeCounters } from '../../src/dns/counters.ts';
import { DNS_DEFAULTS, type DnsConfig } from '../../src/dns/dns-config.ts';
import type { Elsewhere } from '../../src/dns/elsewhere.ts';
import { recordText } from '../../src/dns/explain/record-text.ts';
import { Handler } from '../../src/dns/handle.ts';
import type { ExecuteQuery } from '../../src/dns/resolve.ts';
import type { Upstream } from '../../src/dns/upstream/recurse.ts';
import { silentLogger } from '../../src/lib/logger.ts';
import type { Random } from '../../src/lib/random.ts';
import { Metrics } from '../../src/metrics/metrics.ts';
import {
  type CheckId,
  type CheckRow,
  type CheckStatus,
  type NodeName,
  type NodeRow,
  type ServiceId,
  type ServiceName,
  type ServiceRow,
  UNSTAMPED,
} from '../../src/model/types.ts';
import { FLAG, rcodeName, typeNumber } from '../../src/wire/constants.ts';
import { decodeMessage } from '../../src/wire/message.ts';
import { nameFromText, nameToText } from '../../src/wire/name.ts';
import { manualClock } from './manual-clock.ts';
import { seededRandom } from './seeded-random.ts';

export interface Asking {
  readonly tcp?: boolean;
  /** Octets that the client offers; no EDNS when absent. */
  readonly edns?: number;
  readonly ednsVersion?: number;
  /** Encoded EDNS options. */
  readonly options?: Uint8Array;
  readonly flags?: number;
  readonly qclass?: number;
  readonly client?: string;
}

export interface Asked {
  readonly rcode: string;
  /** Of qr aa tc rd ra ad cd, those that are set. */
  readonly flags: string;
  readonly question: string;
  readonly answer: readonly string[];
  readonly authority: readonly string[];
  readonly additional: readonly string[];
  readonly edns: { readonly payloadBytes: number; readonly options: Uint8Array } | null;
  readonly bytes: number;
  readonly raw: Uint8Array;
}

export function nodeRow(name: string, address: string, fields: Partial<NodeRow> = {}): NodeRow {
  return {
    name: name as NodeName,
    id: '',
    address,
    taggedAddresses: null,
    meta: null,
    ...UNSTAMPED,
    ...fields,
  };
}

export function serviceRow(node: string, name: string, fields: Partial<ServiceRow> = {}): ServiceRow {
  return {
    node: node as NodeName,
    id: name as ServiceId,
    name: name as ServiceName,
    kind: '',
    tags: [],
    address: '',
    taggedAddresses: null,
    meta: null,
    port: 80,
    socketPath: '',
    weights: { passing: 1, warning: 1 },
    enableTagOverride: false,
    proxy: null,
    connect: null,
    locality: null,
    ...UNSTAMPED,
    ...fields,
  };
}

export function checkRow(
  node: string,
  id: string,
  status: CheckStatus,
  fields: Partial<CheckRow> = {},
): CheckRow {
  return {
    node: node as NodeName,
    id: id as CheckId,
    name: id,
    status,
    notes: '',
    output: '',
    serviceId: '' as ServiceId,
    serviceName: '' as ServiceName,
    serviceTags: [],
    type: '',
    interval: '',
    timeout: '',
    exposedPort: 0,
    definition: {},
    ...UNSTAMPED,
    ...fields,
  };
}

/** A query as it comes over the wire. */
export function queryPacket(name: string, type: string, asking: Asking = {}): Uint8Array {
  const qname = nameFromText(name);
  const qtype = typeNumber(type);
  if (qname === undefined || qtype === undefined) throw new Error(`not a question: ${name} ${type}`);
  const flags = asking.flags ?? FLAG.RD;
  const qclass = asking.qclass ?? 1;
  const head = [
    0x12,
    0x34,
    flags >>> 8,
    flags & 0xff,
    0,
    1,
    0,
    0,
    0,
    0,
    0,
    asking.edns === undefined ? 0 : 1,
  ];
  const question = [...qname, qtype >>> 8, qtype & 0xff, qclass >>> 8, qclass & 0xff];
  if (asking.edns === undefined) return Uint8Array.from([...head, ...question]);
  const options = asking.options ?? new Uint8Array(0);
  const size = [asking.edns >>> 8, asking.edns & 0xff];
  const opt = [
    0,
    0,
    41,
    ...size,
    0,
    asking.ednsVersion ?? 0,
    0,
    0,
    options.length >>> 8,
    options.length & 0xff,
  ];
  return Uint8Array.from([...head, ...question, ...opt, ...options]);
}

function flagText(flags: number): string {
  const names = Object.entries(FLAG).filter(([, bit]) => (flags & bit) !== 0);
  return names.map(([name]) => name.toLowerCase()).join(' ');
}

export function decoded(raw: Uint8Array): Asked {
  const message = decodeMessage(raw);
  if (message === undefined) throw new Error(`malformed reply: ${Buffer.from(raw).toString('hex')}`);
  const root = Uint8Array.of(0);
  const texts = (records: typeof message.answers): string[] => records.map((each) => recordText(each, root));
  return {
    rcode: rcodeName(message.rcode),
    flags: flagText(message.flags),
    question: message.questions.map(({ qname }) => nameToText(qname)).join(' '),
    answer: texts(message.answers),
    authority: texts(message.authority),
    additional: texts(message.additional),
    edns: message.edns,
    bytes: raw.length,
    raw,
  };
}

const NO_UPSTREAM: Upstream = {
  forward: async () => ({ kind: 'failed', why: 'nobody there' }),
  addressesOf: async () => [],
};

export interface RigOptions {
  readonly config?: Partial<DnsConfig>;
  readonly upstream?: Upstream;
  readonly executeQuery?: ExecuteQuery;
  readonly random?: Random;
  readonly elsewhere?: Elsewhere;
}

/** A catalog and a handler over it. */
export function dnsRig(options: RigOptions = {}) {
  const state = new State(TABLES);
  const clock = manualClock();
  const metrics = new Metrics();
  const random = options.random ?? seededRandom(1);
  let config: DnsConfig = { ...DNS_DEFAULTS, ...options.config };
  const handler = new Handler({
    view: state.view,
    config: () => config,
    clock,
    random,
    log: silentLogger,
    counters: makeCounters(metrics),
    executeQuery: options.executeQuery ?? (() => undefined),
    upstream: options.upstream ?? NO_UPSTREAM,
    queryLog: { isOn: () => false, note: () => {} },
    elsewhere: options.elsewhere,
  });

  function install(changes: readonly Change[]): void {
    handler.invalidate(topicsOf(state.install(changes, state.index + 1), state.view));
  }

  async function send(packet: Uint8Array, asking: Asking = {}): Promise<Asked | undefined> {
    const out = new Uint8Array(65_535);
    const address = (): string => asking.client ?? '127.0.0.1';
    const client = { transport: asking.tcp ? 'tcp' : 'udp', address } as const;
    const handled = handler.handle(packet, client, out);
    const reply = typeof handled === 'number' ? out.slice(0, handled) : await handled;
    return reply === null || reply.length === 0 ? undefined : decoded(reply);
  }

  return {
    state,
    clock,
    metrics,
    handler,
    install,
    send,
    reconfigure: (changes: Partial<DnsConfig>): void => {
      config = { ...config, ...changes };
    },
    put: (...rows: readonly (NodeRow | ServiceRow | CheckRow)[]): void => install(rows.map(putOf)),
    remove: (table: 'nodes' | 'services' | 'checks', key: string): void =>
      install([{ op: 'remove', table, key }]),
    async ask(name: string, type: string, asking: Asking = {}): Promise<Asked> {
      const reply = await send(queryPacket(name, type, asking), asking);
      if (reply === undefined) throw new Error(`no reply to ${name} ${type}`);
      return reply;
    },
  };
}

function putOf(row: NodeRow | ServiceRow | CheckRow): Change {
  if ('status' in row) return { op: 'put', table: 'checks', row };
  return 'tags' in row ? { op: 'put', table: 'services', row } : { op: 'put', table: 'nodes', row };
}
