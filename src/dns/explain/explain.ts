/**
 * Why a question is answered as it is: the decision and the answer of the responder (decide.ts, local-answer.ts), told in
 * words.
 *
 * An answer is encoded as for a client of the transport and size that were asked for, so what is cut is shown; another
 * query may get others. Nobody else is asked: neither recursors for names that are forwarded nor for the host names that
 * services have as addresses, which are named instead. Reads only; nothing is counted.
 */
import type { Instance } from '../../catalog/select.ts';
import type { View } from '../../catalog/tables.ts';
import type { Clock } from '../../lib/clock.ts';
import { formatIp } from '../../lib/ip.ts';
import type { Random } from '../../lib/random.ts';
import { Metrics } from '../../metrics/metrics.ts';
import { AppError, invariant } from '../../model/errors.ts';
import type {
  DnsExplanation,
  ExplainDns,
  ExplainedInstance,
  ExplainRequest,
} from '../../model/explanation.ts';
import type { CheckId, CheckRow } from '../../model/types.ts';
import type { Lookup } from '../../names/lookup.ts';
import {
  CLASS,
  FLAG,
  MAX_MESSAGE_BYTES,
  rcodeName,
  TYPE,
  typeName,
  typeNumber,
} from '../../wire/constants.ts';
import { decodeMessage, type Message, type Query, type ResourceRecord } from '../../wire/message.ts';
import { nameFromText, nameToText } from '../../wire/name.ts';
import type { Answer } from '../answer.ts';
import { makeCounters } from '../counters.ts';
import { type Decision, decide } from '../decide.ts';
import { type DnsConfig, emptyAnswerOf } from '../dns-config.ts';
import { viewForDns } from '../dns-rights.ts';
import type { Elsewhere, ElsewherePlace } from '../elsewhere.ts';
import { whyCut, whyEmpty } from '../extended-error.ts';
import type { Client } from '../handle.ts';
import { ServiceIndexes } from '../known-instances.ts';
import { type LocalAnswer, localAnswer } from '../local-answer.ts';
import { NodeIds } from '../node-ids.ts';
import type { Reason } from '../outcome.ts';
import { instanceEndpoint, weightOf } from '../records.ts';
import type { ExecuteQuery, ResolveContext } from '../resolve.ts';
import { Sender } from '../sender.ts';
import { portOfBinding } from '../service-binding.ts';
import { makeZone, type Zone } from '../zone.ts';
import { lookupText } from './lookup-text.ts';
import { recordText } from './record-text.ts';

interface ExplainParts extends ResolveContext {
  /** See Elsewhere; 0 where all rows are at home. */
  readonly silentMs: () => number;
  readonly random: Random;
  readonly zone: Zone;
  /** The one that writes replies, with counters of its own. */
  readonly sender: Sender;
  /** Wall time in ms since which a check of this agent has its status; undefined for checks of others. */
  readonly sinceMs: (check: CheckRow) => number | undefined;
}

const NOBODY = (): string => '';
/** Strangers get smaller replies over UDP; this is somebody nearby. */
const nearbyClient = (transport: Client['transport']): Client => ({ transport, address: () => '127.0.0.1' });
/** No topic: what an explanation writes is for nobody else. */
const NOT_KEPT = null;

/** Instances that are explained one by one: nobody reads more, and DNS waits meanwhile. */
const MAX_INSTANCES = 1_000;

/** Octets of check output that are quoted. */
const MAX_OUTPUT = 120;

/** The packet that a client of this kind sends. Throws AppError `bad_request`. */
function packetOf({ name, type, payloadBytes }: ExplainRequest): Uint8Array {
  const qname = nameFromText(name);
  const qtype = typeNumber(type);
  if (qname === undefined) throw new AppError('bad_request', `"${name}" is not a domain name`);
  if (qtype === undefined) throw new AppError('bad_request', `"${type}" is not a record type`);
  const u16 = (value: number): [number, number] => [value >>> 8, value & 0xff];
  const opt = payloadBytes > 0 ? [0, ...u16(TYPE.OPT), ...u16(payloadBytes), 0, 0, 0, 0, 0, 0] : [];
  const header = [0, 0, ...u16(FLAG.RD), 0, 1, 0, 0, 0, 0, 0, opt.length > 0 ? 1 : 0];
  return Uint8Array.from([...header, ...qname, ...u16(qtype), ...u16(CLASS.IN), ...opt]);
}

function clockText(ms: number): string {
  return new Date(ms).toISOString().replace(/\.\d+Z$/, 'Z');
}

/** `critical: check "service:web-2" since 2026-01-01T12:01:07Z, output "…"`. */
function verdictText(instance: Instance, parts: ExplainParts): string {
  const { verdict } = instance;
  if (verdict.isIn) return instance.checks.length === 0 ? 'in: it has no checks' : `in: ${instance.status}`;
  if (verdict.reason === 'tag') return 'tag missing';
  const since = parts.sinceMs(verdict.check);
  // A maintenance mark has no output; its reason is kept as the notes.
  const output = (verdict.check.output || verdict.check.notes)
    .trim()
    .replaceAll(/\s+/g, ' ')
    .slice(0, MAX_OUTPUT);
  const when = since === undefined ? '' : ` since ${clockText(since)}`;
  return `${verdict.reason}: check "${verdict.check.id}"${when}${output === '' ? '' : `, output "${output}"`}`;
}

/** What a record says of an instance: its address, its host name, or its port and target. */
function saidBy({ data }: ResourceRecord): string {
  if (data.type === TYPE.A || data.type === TYPE.AAAA) return formatIp(data.address);
  if (data.type === TYPE.SRV) return `${data.port} ${nameToText(data.target)}`;
  if (data.type === TYPE.SVCB || data.type === TYPE.HTTPS)
    return `${portOfBinding(data)} ${nameToText(data.target)}`;
  return data.type === TYPE.CNAME ? nameToText(data.name) : '';
}

/** Whether a record that was sent says where this instance is. */
function isSent(instance: Instance, { said, zone, query }: Sent): boolean {
  const endpoint = instanceEndpoint(instance, { zone, qname: query.qname, qtype: query.qtype });
  if (endpoint.kind === 'unusable') return false;
  const target = endpoint.target ? nameToText(endpoint.target) : '';
  const address = endpoint.kind === 'ip' ? formatIp(endpoint.address) : target;
  return said.has(address) || said.has(`${instance.service.port} ${target}`);
}

/** An answer and what of it is sent. */
interface Sent {
  readonly zone: Zone;
  readonly query: Query;
  readonly lookup: Lookup;
  readonly answer: Answer;
  readonly sentCount: number;
  /** What the records say, see saidBy. */
  readonly said: ReadonlySet<string>;
  readonly parts: ExplainParts;
}

function explainInstance(instance: Instance, sent: Sent): ExplainedInstance {
  const { answer, parts } = sent;
  const isKept = isSent(instance, sent);
  const isFailOpen = isKept && !instance.verdict.isIn && answer.reason === 'fail_open';
  const isDropped = instance.verdict.isIn && !isKept;
  const why = verdictText(instance, parts);
  return {
    Node: instance.node.name,
    ServiceID: instance.service.id,
    Address: instance.service.address || instance.node.address,
    Port: instance.service.port,
    Status: instance.status,
    Weight: weightOf(instance, answer.reason),
    Kept: isKept,
    Reason: isFailOpen ? `in because too few are healthy, although ${why}` : isDropped ? dropText(sent) : why,
  };
}

function dropText({ answer, sentCount, query, lookup }: Sent): string {
  if (answer.groups.length > sentCount) return 'cut by limit or size; every query draws lots anew';
  const record = `${typeName(query.qtype)} record`;
  if (lookup.kind === 'query')
    return `left out by the query (tags, metadata, health), or without a ${record}`;
  return answer.groups.length === 0 ? `has no ${record}` : `not wanted, or without a ${record}`;
}

type Unanswered = Exclude<Decision, { kind: 'answer' }>;

const REFUSALS: { readonly [R in Reason]?: string } = {
  outside_zone: 'no recursors are configured',
  not_implemented: 'zone transfers are not offered',
};

/** What is said about questions that are not answered from the catalog. */
function explainUnanswered(request: ExplainRequest, query: Query, decision: Unanswered, config: DnsConfig) {
  return {
    ...blank(request, query, config),
    Lookup: lookupText(decision.lookup),
    Kind: decision.lookup.kind,
    Rcode: decision.kind === 'refuse' ? rcodeName(decision.rcode) : '',
    ...whyUnanswered(decision),
  };
}

function whyUnanswered(decision: Unanswered): { readonly ReasonCode: Reason; readonly Summary: string } {
  switch (decision.kind) {
    case 'refuse':
      return { ReasonCode: decision.reason, Summary: REFUSALS[decision.reason] ?? '' };
    case 'forward':
      return { ReasonCode: 'forwarded', Summary: 'forwarded to a recursor' };
    case 'elsewhere':
      return { ReasonCode: 'asked_elsewhere', Summary: placeText(decision.place) };
  }
}

function placeText(place: ElsewherePlace): string {
  if (place.kind === 'failover') return 'nothing fits here: the query goes on in other datacenters';
  if (place.kind === 'datacenter') return `a server of the datacenter "${place.datacenter}" is asked`;
  return place.kind === 'server'
    ? 'a server is asked each time'
    : 'not followed yet: a server is asked once, and then tells of changes';
}

function blank(request: ExplainRequest, query: Query, config: DnsConfig) {
  return {
    Name: nameToText(query.qname),
    Type: typeName(query.qtype),
    Transport: request.transport,
    PayloadBytes: request.payloadBytes,
    TTLSeconds: 0,
    OnlyPassing: config.onlyPassing,
    EmptyAnswer: config.emptyAnswer.policy,
    ProtectThreshold: config.emptyAnswer.protectThreshold,
    Known: 0,
    Healthy: 0,
    Instances: [],
    Answer: [],
    Authority: [],
    Additional: [],
    Bytes: 0,
    AnswersAvailable: 0,
    Truncated: false,
  };
}

/** A summary of what may be old: nobody tells of changes any more. */
function withAge(summary: string, silentMs: number): string {
  if (silentMs === 0) return summary;
  const age = `as it was ${Math.ceil(silentMs / 1_000)} s ago: no server can be reached`;
  return summary === '' ? age : `${summary}; ${age}`;
}

function summaryOf({ answer, wanted }: LocalAnswer, message: Message): string {
  const hosts = [...new Set(wanted.map(({ host }) => host))].join(', ');
  if (hosts !== '') return `without the addresses of ${hosts}, which a recursor is asked for`;
  if (answer.groups.length === 0) return whyEmpty(answer).text;
  return message.answers.length < answer.groups.length
    ? whyCut(message.answers.length, answer.groups.length).text
    : '';
}

/** Explain the answer to a question. Throws AppError `bad_request` when name or type is none. O(instances). */
function explain(request: ExplainRequest, parts: ExplainParts): DnsExplanation {
  const { config, zone, sender } = parts;
  const packet = packetOf(request);
  invariant(sender.scan(packet), 'explained questions are ordinary queries');
  const query = sender.scannedQuery(packet);
  const decision = decide(query, zone, parts);
  if (decision.kind !== 'answer') return explainUnanswered(request, query, decision, config);
  const { lookup, outcome } = decision;
  const pick = parts.random.next();
  const local = localAnswer(query, outcome, { zone, context: parts, pick, fetched: new Map() });
  const { answer } = local;
  const out = new Uint8Array(MAX_MESSAGE_BYTES);
  // As the responder: when it has asked others, it has looked at other packets meanwhile.
  const isScanned = local.wanted.length === 0;
  const job = {
    packet,
    transport: request.transport,
    out,
    isScanned,
    client: nearbyClient(request.transport),
  };
  const length = sender.finish({ ...answer, topic: NOT_KEPT }, query, job);
  const message = decodeMessage(out.subarray(0, length)) as Message;
  const texts = (records: Message['answers']): string[] =>
    records.map((each) => recordText(each, query.qname));
  const said = new Set(message.answers.map(saidBy));
  const sent = { zone, query, lookup, answer, sentCount: message.answers.length, said, parts };
  const rule = emptyAnswerOf(config, answer.service);
  return {
    ...blank(request, query, config),
    Lookup: lookupText(lookup),
    Kind: lookup.kind,
    Rcode: rcodeName(answer.rcode),
    ReasonCode: answer.reason,
    Summary: withAge(summaryOf(local, message), parts.silentMs()),
    TTLSeconds: message.answers[0]?.ttlSeconds ?? config.soa.minTtlSeconds,
    EmptyAnswer: rule.policy,
    ProtectThreshold: rule.protectThreshold,
    Known: answer.known.length,
    Healthy: answer.known.filter(({ verdict }) => verdict.isIn).length,
    Instances: answer.known.slice(0, MAX_INSTANCES).map((instance) => explainInstance(instance, sent)),
    Answer: texts(message.answers),
    Authority: texts(message.authority),
    Additional: texts(message.additional),
    Bytes: length,
    AnswersAvailable: answer.groups.length,
    Truncated: (message.flags & FLAG.TC) !== 0,
  };
}

export interface ExplainerParts {
  readonly view: View;
  readonly config: () => DnsConfig;
  readonly executeQuery: ExecuteQuery;
  readonly random: Random;
  readonly clock: Clock;
  /** The node of this agent, the only one whose checks have a known history. */
  readonly nodeName: string;
  /** Wall time in ms since which a check of this agent has its status; undefined when that is not known. */
  readonly checkSinceMs: (id: CheckId) => number | undefined;
  /** As the responder's. */
  readonly elsewhere?: Pick<Elsewhere, 'placeOf' | 'silentMs' | 'failsOver'> | undefined;
}

/** Explanations from the present catalog and configuration. */
export function makeExplain(given: ExplainerParts): ExplainDns {
  const { executeQuery, random, clock, nodeName, checkSinceMs, elsewhere } = given;
  const view = viewForDns(given.view, given.config);
  const sinceMs = ({ node, id }: CheckRow): number | undefined =>
    node === nodeName ? checkSinceMs(id) : undefined;
  let zone = makeZone(given.config());
  const sender = new Sender({ clock, random, counters: makeCounters(new Metrics()) }, zone);
  return (request) => {
    const config = given.config();
    if (config !== zone.config) {
      zone = makeZone(config);
      sender.setZone(zone);
    }
    const clientAddress = NOBODY;
    const [nodeIds, services] = [new NodeIds(view), new ServiceIndexes(view)];
    return explain(request, {
      view,
      config,
      zone,
      sender,
      executeQuery,
      clientAddress,
      random,
      sinceMs,
      nodeIds,
      services,
      elsewhere,
      silentMs: () => elsewhere?.silentMs?.() ?? 0,
    });
  };
}
