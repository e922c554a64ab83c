/**
 * Why a question is answered as it is: the same resolving and answering as for a query, told in words.
 *
 * An answer is drawn as for a client of the transport and size that were asked for, so what is cut is shown; another query
 * may draw others. Host names elsewhere are not asked. Reads only; nothing is counted.
 */
import type { Instance } from '../../catalog/select.ts';
import type { View } from '../../catalog/tables.ts';
import type { Clock } from '../../lib/clock.ts';
import { formatIp } from '../../lib/ip.ts';
import type { Random } from '../../lib/random.ts';
import { AppError } from '../../model/errors.ts';
import type {
  DnsExplanation,
  ExplainDns,
  ExplainedInstance,
  ExplainRequest,
} from '../../model/explanation.ts';
import type { CheckRow } from '../../model/types.ts';
import type { Lookup } from '../../names/lookup.ts';
import { parse } from '../../names/parse-name.ts';
import {
  FLAG,
  MAX_MESSAGE_BYTES,
  MIN_UDP_BYTES,
  RCODE,
  rcodeName,
  typeName,
  typeNumber,
} from '../../wire/constants.ts';
import { decodeMessage, type Message, type Query } from '../../wire/message.ts';
import { foldedLabels, nameFromText, nameToText } from '../../wire/name.ts';
import { type Answer, makeAnswer } from '../answer.ts';
import { type DnsConfig, emptyAnswerOf } from '../dns-config.ts';
import { draw } from '../encode-answer.ts';
import { whyCut, whyEmpty } from '../extended-error.ts';
import { makeHosts } from '../hosts.ts';
import { NodeIds } from '../node-ids.ts';
import { instanceEndpoint, weightOf } from '../records.ts';
import { type ExecuteQuery, type ResolveContext, resolve } from '../resolve.ts';
import { makeZone, type Zone } from '../zone.ts';
import { lookupText } from './lookup-text.ts';
import { recordText } from './record-text.ts';

export interface ExplainParts extends ResolveContext {
  readonly random: Random;
  readonly nowMs: number;
  /** Wall time in ms since which a check of this agent has its status; undefined for checks of others. */
  readonly sinceMs: (check: CheckRow) => number | undefined;
}

/** Octets of check output that are quoted. */
const MAX_OUTPUT = 120;

function queryOf({ name, type, payloadBytes }: ExplainRequest): Query {
  const qname = nameFromText(name);
  const qtype = typeNumber(type);
  if (qname === undefined) throw new AppError('bad_request', `"${name}" is not a domain name`);
  if (qtype === undefined) throw new AppError('bad_request', `"${type}" is not a record type`);
  const question = Uint8Array.from([...qname, qtype >>> 8, qtype & 0xff, 0, 1]);
  const edns = payloadBytes > 0 ? { payloadBytes, version: 0, clientSubnet: null } : null;
  return { kind: 'query', id: 0, flags: FLAG.RD, question, qname, qtype, qclass: 1, edns };
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

/** What of an instance would stand in an answer record of this type. */
function isSent(instance: Instance, answers: readonly string[], zone: Zone, query: Query): boolean {
  const endpoint = instanceEndpoint(instance, { zone, qname: query.qname, qtype: query.qtype });
  if (endpoint.kind === 'unusable') return false;
  const target = endpoint.target ? nameToText(endpoint.target) : '';
  const address = endpoint.kind === 'ip' ? formatIp(endpoint.address) : target;
  return answers.some(
    (text) => text.endsWith(` ${address}`) || text.endsWith(` ${instance.service.port} ${target}`),
  );
}

interface Drawn {
  readonly zone: Zone;
  readonly query: Query;
  readonly lookup: Lookup;
  readonly answer: Answer;
  readonly answers: readonly string[];
  readonly parts: ExplainParts;
}

function explainInstance(instance: Instance, drawn: Drawn): ExplainedInstance {
  const { zone, query, answer, answers, parts } = drawn;
  const isKept = isSent(instance, answers, zone, query);
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
    Reason: isFailOpen
      ? `in because too few are healthy, although ${why}`
      : isDropped
        ? dropText(drawn)
        : why,
  };
}

function dropText({ answer, answers, query, lookup }: Drawn): string {
  if (answer.groups.length > answers.length) return 'cut by limit or size; every query draws anew';
  const record = `${typeName(query.qtype)} record`;
  if (lookup.kind === 'query')
    return `left out by the query (tags, metadata, health), or without a ${record}`;
  return answer.groups.length === 0 ? `has no ${record}` : `not wanted, or without a ${record}`;
}

function answerFor(query: Query, lookup: Lookup, zone: Zone, parts: ExplainParts): Answer | undefined {
  const outcome = resolve(lookup, query.qtype, parts);
  if (outcome.kind === 'outside') return undefined;
  const pick = parts.random.next();
  const hosts = makeHosts({ zone, context: parts, pick, maxRecords: 5, outside: () => [] });
  return makeAnswer(outcome, { zone, qname: query.qname, qtype: query.qtype, hosts, pick });
}

function maxBytesOf({ transport, payloadBytes }: ExplainRequest, config: DnsConfig): number {
  if (transport === 'tcp') return MAX_MESSAGE_BYTES;
  return Math.max(MIN_UDP_BYTES, Math.min(payloadBytes, config.maxUdpPayloadBytes));
}

/** What is said about names that are not ours. */
function explainOutside(request: ExplainRequest, query: Query, config: DnsConfig): DnsExplanation {
  const isForwarded = config.recursors.length > 0;
  return {
    ...blank(request, query, config),
    Lookup: lookupText({ kind: 'outside' }),
    Kind: 'outside',
    Rcode: isForwarded ? '' : rcodeName(RCODE.REFUSED),
    ReasonCode: isForwarded ? 'forwarded' : 'outside_zone',
    Summary: isForwarded ? 'forwarded to a recursor' : 'no recursors are configured',
  };
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

function summaryOf(answer: Answer, message: Message): string {
  if (answer.groups.length === 0) return whyEmpty(answer).text;
  return message.answers.length < answer.groups.length
    ? whyCut(message.answers.length, answer.groups.length).text
    : '';
}

/** Explain the answer to a question. Throws AppError `bad_request` when name or type is none. O(instances). */
function explain(request: ExplainRequest, parts: ExplainParts): DnsExplanation {
  const query = queryOf(request);
  const { config } = parts;
  const zone = makeZone(config);
  const lookup = parse(foldedLabels(query.qname), query.qtype, zone.names);
  const answer = answerFor(query, lookup, zone, parts);
  if (answer === undefined) return explainOutside(request, query, config);
  const out = new Uint8Array(MAX_MESSAGE_BYTES);
  const [serial, isUdp] = [Math.floor(parts.nowMs / 1_000), request.transport === 'udp'];
  const length = draw(answer, query, {
    zone,
    random: parts.random,
    out,
    maxBytes: maxBytesOf(request, config),
    isUdp,
    serial,
  });
  const message = decodeMessage(out.subarray(0, length)) as Message;
  const texts = (records: Message['answers']): string[] =>
    records.map((each) => recordText(each, query.qname));
  const drawn = { zone, query, lookup, answer, answers: texts(message.answers), parts };
  const rule = emptyAnswerOf(config, answer.service);
  return {
    ...blank(request, query, config),
    Lookup: lookupText(lookup),
    Kind: lookup.kind,
    Rcode: rcodeName(answer.rcode),
    ReasonCode: answer.reason,
    Summary: summaryOf(answer, message),
    TTLSeconds: message.answers[0]?.ttlSeconds ?? config.soa.minTtlSeconds,
    EmptyAnswer: rule.policy,
    ProtectThreshold: rule.protectThreshold,
    Known: answer.known.length,
    Healthy: answer.known.filter(({ verdict }) => verdict.isIn).length,
    Instances: answer.known.map((instance) => explainInstance(instance, drawn)),
    Answer: drawn.answers,
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
}

/** Explanations from the present catalog and configuration. */
export function makeExplain({
  view,
  config,
  executeQuery,
  random,
  clock,
  nodeName,
}: ExplainerParts): ExplainDns {
  const sinceMs = ({ node, id }: CheckRow): number | undefined =>
    node === nodeName ? view.localChecks.get(id)?.sinceMs || undefined : undefined;
  return (request) => {
    const nowMs = clock.now();
    return explain(request, {
      view,
      config: config(),
      executeQuery,
      clientAddress: () => '',
      random,
      nowMs,
      sinceMs,
      nodeIds: new NodeIds(view),
    });
  };
}
