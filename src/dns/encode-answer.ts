/**
 * An answer written record by record, for what cannot be rendered beforehand: alias chains, the apex, replies without
 * compression, SRV answers of more than 16 KB. Limits and order are the same as in sendable.ts.
 */
import type { Random } from '../lib/random.ts';
import { EDNS_OPTION, FLAG, MIN_UDP_BYTES, TYPE } from '../wire/constants.ts';
import { appendOption, encodeReply } from '../wire/fit.ts';
import { opcodeOf, type Query, type ResourceRecord, record } from '../wire/message.ts';
import { encodeOption, type Reply } from '../wire/message-reply.ts';
import type { Answer } from './answer.ts';
import { errorOption, whyCut, whyEmpty } from './extended-error.ts';
import { identityOrder, reorder } from './order.ts';
import { subnetReply } from './query-subnet.ts';
import type { WeightedGroup } from './records.ts';
import { smallAnswerLimit, weightsOf } from './sendable.ts';
import type { Zone } from './zone.ts';

const NO_OPTIONS = new Uint8Array(0);

/** Space and rules for one reply. */
export interface EncodeRules {
  readonly zone: Zone;
  readonly random: Random;
  readonly out: Uint8Array;
  readonly maxBytes: number;
  readonly isUdp: boolean;
  readonly serial: number;
}

/** The flags of a reply to `query`: RD and CD come back for standard queries (RFC 1035 §4.1.1, RFC 4035 §3.1.6). */
export function replyFlags(query: { readonly flags: number }, zone: Zone): number {
  const opcode = opcodeOf(query.flags);
  const kept = opcode === 0 ? query.flags & (FLAG.RD | FLAG.CD) : 0;
  const ra = zone.config.recursors.length > 0 ? FLAG.RA : 0;
  return FLAG.QR | (opcode << 11) | kept | ra;
}

/** The OPT record of a reply: size and client subnet as they came; null for a client without EDNS. */
export function replyEdns(query: Query, dependsOnClient = false): Reply['edns'] {
  if (query.edns === null) return null;
  const { payloadBytes, clientSubnet } = query.edns;
  const options = clientSubnet
    ? encodeOption(EDNS_OPTION.CLIENT_SUBNET, subnetReply(clientSubnet, dependsOnClient))
    : NO_OPTIONS;
  return { payloadBytes, options };
}

function inOrder(answer: Answer, random: Random): readonly WeightedGroup[] {
  if (!answer.isShuffled || answer.groups.length < 2) return answer.groups;
  const order = identityOrder(answer.groups.length);
  reorder(order, order.length, weightsOf(answer.groups), random);
  return Array.from(order, (i) => answer.groups[i] as WeightedGroup);
}

function stampSerial(records: readonly ResourceRecord[], serial: number): readonly ResourceRecord[] {
  return records.map((each) =>
    each.data.type === TYPE.SOA ? { ...each, data: { ...each.data, serial } } : each,
  );
}

/** Write the reply to `query`; gives its length. */
export function encodeAnswer(answer: Answer, query: Query, rules: EncodeRules): number {
  const { zone, serial, out, maxBytes } = rules;
  const { config } = zone;
  const isSmall = rules.isUdp && maxBytes <= MIN_UDP_BYTES && answer.isLimitedOverUdp;
  const available = Math.min(answer.groups.length, answer.limit);
  const smallLimit = Math.max(smallAnswerLimit(config.udpAnswerLimit), answer.essential);
  const wanted = isSmall ? Math.min(available, smallLimit) : available;
  const soa = record(zone.domain, config.soa.minTtlSeconds, zone.soaData);
  const groups = inOrder(answer, rules.random).slice(0, wanted);
  const edns = replyEdns(query, answer.dependsOnClient);
  const reply: Reply = {
    id: query.id,
    flags: replyFlags(query, zone) | FLAG.AA | (config.enableTruncate && wanted < available ? FLAG.TC : 0),
    rcode: answer.rcode,
    question: query.question,
    answers: groups.map((group) => ({
      ...group,
      answer: stampSerial([group.answer], serial)[0] ?? group.answer,
    })),
    authority: stampSerial(answer.isNegative ? [...answer.authority, soa] : answer.authority, serial),
    additional: answer.additional,
    edns,
  };
  const written = encodeReply(reply, out, {
    maxBytes,
    compress: !config.disableCompression,
    mayMarkTruncated: config.enableTruncate,
  });
  if (edns === null || !config.extendedErrors) return written.length;
  const error = errorFor(answer, written.answers, available);
  const place = { out, length: written.length, optionsBytes: edns.options.length, maxBytes };
  return error ? appendOption(place, errorOption(error)) : written.length;
}

function errorFor(answer: Answer, sent: number, available: number) {
  if (answer.groups.length === 0) return whyEmpty(answer);
  return sent < available ? whyCut(sent, answer.groups.length) : undefined;
}
