/**
 * From an answer to octets, remembering what may be sent again.
 *
 * Looks at each packet first (scan.ts), sends what is known, renders and keeps what is new, and writes record by record
 * what cannot be rendered. All scratch space for a query is here, so one sender belongs to one thread.
 */
import type { Clock } from '../lib/clock.ts';
import type { Random } from '../lib/random.ts';
import { FLAG, MAX_MESSAGE_BYTES, MIN_UDP_BYTES } from '../wire/constants.ts';
import type { Assembly } from '../wire/emit.ts';
import type { Query } from '../wire/message.ts';
import type { Answer } from './answer.ts';
import { AnswerCache } from './answer-cache.ts';
import { isNearby } from './client-network.ts';
import type { Counters, Transport } from './counters.ts';
import type { DnsConfig } from './dns-config.ts';
import { encodeAnswer } from './encode-answer.ts';
import { errorOption, whyCut } from './extended-error.ts';
import { writeTruncated } from './failure.ts';
import { identityOrder, SharedOrders } from './order.ts';
import { newScan, queryOf, type Scan, scanQuery } from './scan.ts';
import { type Asked, makeSendable, type Sendable, type SendRules, type Slots, send } from './sendable.ts';
import type { Zone } from './zone.ts';

export interface SenderParts {
  readonly clock: Clock;
  readonly random: Random;
  readonly counters: Counters;
}

/** One packet and where its reply goes. */
export interface Job {
  readonly packet: Uint8Array;
  readonly transport: Transport;
  readonly out: Uint8Array;
  /** Whether the scan holds this packet. */
  readonly isScanned: boolean;
  readonly client: Asker;
}

/** Who asks. */
export interface Asker {
  readonly transport: Transport;
  /** It has shown by a cookie that the address is its own. */
  readonly isProven?: boolean | undefined;
  /** Octets that are still to be added to its replies. */
  readonly reservedBytes?: number | undefined;
  /** The node of the agent that has passed the packet on. */
  readonly agentNode?: string | undefined;
  address(): string;
}

/** Largest message for a client that advertises `payloadBytes` (-1: no EDNS). RFC 6891 §6.2.3. */
export function maxBytesFor(transport: Transport, payloadBytes: number, config: DnsConfig): number {
  if (transport === 'tcp') return MAX_MESSAGE_BYTES;
  return payloadBytes <= MIN_UDP_BYTES ? MIN_UDP_BYTES : Math.min(payloadBytes, config.maxUdpPayloadBytes);
}

/** Octets of a reply besides its answers, at most: header, question, SOA, OPT with an extended error. */
const FRAME_BYTES = 800;

/** The same, and no more than strangers get over UDP: their address may be that of somebody else. */
export function maxBytesForAsker(asker: Asker, payloadBytes: number, config: DnsConfig): number {
  const most = maxBytesFor(asker.transport, payloadBytes, config);
  const isTrusted = asker.transport === 'tcp' || most <= config.maxPublicUdpPayloadBytes || asker.isProven;
  const allowed = isTrusted || isNearby(asker.address()) ? most : config.maxPublicUdpPayloadBytes;
  return allowed - (asker.reservedBytes ?? 0);
}

export class Sender {
  readonly #parts: SenderParts;
  readonly #cache = new AnswerCache();
  /** Negative answers by the slot they are counted in, which stands for type, rcode and reason. */
  readonly #plainNos = new Map<number, Sendable>();
  readonly #orders = new SharedOrders();
  readonly #scan: Scan;
  readonly #asked: Asked;
  readonly #assembly: Assembly;
  #rules: SendRules;

  constructor(parts: SenderParts, zone: Zone) {
    this.#parts = parts;
    this.#scan = newScan(parts.random);
    this.#rules = this.#rulesOf(zone);
    const nothing = new Uint8Array(0);
    this.#asked = { packet: nothing, payloadBytes: -1, maxBytes: 0, isSmall: false, serial: 0 };
    this.#assembly = {
      out: nothing,
      offset: 0,
      nameEnd: 0,
      answersAt: 0,
      order: identityOrder(0),
      count: 0,
      withNotes: false,
      additional: 0,
    };
  }

  /** Another configuration: everything that was rendered is void. */
  setZone(zone: Zone): void {
    this.#rules = this.#rulesOf(zone);
    this.#cache.clear();
    this.#plainNos.clear();
  }

  /** Forget rendered answers that belong to these topics. */
  invalidate(topics: Iterable<string>): void {
    this.#cache.invalidate(topics);
  }

  /** Whether the packet is an ordinary query; the scan holds it until the next call. */
  scan(packet: Uint8Array): boolean {
    return scanQuery(packet, this.#scan);
  }

  /** The scanned packet as a query. */
  scannedQuery(packet: Uint8Array): Query {
    return queryOf(packet, this.#scan);
  }

  /** Send what is known about the scanned question; -1 when nothing is. */
  sendKnown(packet: Uint8Array, client: Asker, out: Uint8Array): number {
    const known = this.#cache.find(packet, this.#scan);
    return known === undefined ? -1 : this.#send(known, packet, client, out);
  }

  /** Reply to the scanned packet with its question and TC, nothing else; gives the octets. */
  sendSlip(packet: Uint8Array, out: Uint8Array): number {
    const slip = writeTruncated(packet, this.scannedQuery(packet));
    slip[2] = (slip[2] as number) | (FLAG.QR >>> 8);
    slip[3] = 0;
    out.set(slip);
    return slip.length;
  }

  /** Write an answer into `job.out`, and keep it for the next who asks if it may be kept; gives the octets. */
  finish(answer: Answer, query: Query, job: Job): number {
    const { packet, transport, out, isScanned, client } = job;
    const slots = this.#parts.counters.slots(query.qtype, answer.rcode, answer.reason, answer.service);
    const sendable = isScanned ? this.#sendableOf(answer, slots) : undefined;
    if (sendable && answer.topic !== null && this.#isWorthKeeping(answer)) {
      this.#cache.add(packet, this.#scan, answer.topic, sendable);
    }
    const sent = sendable ? this.#send(sendable, packet, client, out) : -1;
    if (sent >= 0) return sent;
    this.count(slots, transport);
    const { zone } = this.#rules;
    const maxBytes = maxBytesForAsker(client, query.edns?.payloadBytes ?? -1, zone.config);
    const { random } = this.#parts;
    return encodeAnswer(answer, query, {
      zone,
      random,
      out,
      maxBytes,
      isUdp: transport === 'udp',
      serial: this.#serial(),
    });
  }

  count(slots: Slots, transport: Transport): void {
    const { counters } = this.#parts;
    counters.queries.add(slots.slots[transport === 'udp' ? 0 : 1]);
    if (slots.serviceSlot >= 0) counters.services.add(slots.serviceSlot);
  }

  #rulesOf(zone: Zone): SendRules {
    const { extendedErrors, recursors } = zone.config;
    return {
      zone,
      recursionAvailable: recursors.length > 0 ? FLAG.RA : 0,
      random: this.#parts.random,
      cutError: (sent, total) => (extendedErrors ? errorOption(whyCut(sent, total)) : null),
    };
  }

  /** Seconds since 1970, for the SOA record. */
  #serial(): number {
    return Math.floor(this.#parts.clock.now() / 1_000);
  }

  /** Send a rendered answer to the scanned question; -1 when it cannot be sent like this. */
  #send(sendable: Sendable, packet: Uint8Array, client: Asker, out: Uint8Array): number {
    const asked = this.#asked;
    const { transport } = client;
    const { nameEnd, payloadBytes } = this.#scan;
    asked.packet = packet;
    asked.payloadBytes = payloadBytes;
    const { config } = this.#rules.zone;
    const most = maxBytesFor(transport, payloadBytes, config);
    asked.isSmall = most === MIN_UDP_BYTES;
    asked.maxBytes = most - (client.reservedBytes ?? 0);
    // Whose address it is costs more than most answers, so it is looked at where it matters.
    if (sendable.compiled.bytes.length + FRAME_BYTES > config.maxPublicUdpPayloadBytes)
      asked.maxBytes = maxBytesForAsker(client, payloadBytes, config);
    asked.serial = sendable.isNegative ? this.#serial() : 0;
    this.#assembly.out = out;
    this.#assembly.nameEnd = nameEnd;
    const length = send(sendable, asked, this.#assembly, this.#rules);
    if (length >= 0) this.count(sendable, transport);
    return length;
  }

  #isWorthKeeping({ groups, known }: Answer): boolean {
    if (this.#rules.zone.config.isAgeBounded) return false;
    return groups.length > 0 || known.length > 0 || this.#cache.isRepeated(this.#scan);
  }

  /** Render an answer. Those that say nothing but why there is nothing are the same for every such name. */
  #sendableOf(answer: Answer, slots: Slots): Sendable | undefined {
    const rendering = { zone: this.#rules.zone, orders: this.#orders };
    const isPlainNo = answer.groups.length === 0 && answer.known.length === 0 && answer.service === '';
    if (!isPlainNo || answer.additional.length > 0) return makeSendable(answer, slots, rendering);
    const known = this.#plainNos.get(slots.slots[0]);
    if (known !== undefined) return known;
    const sendable = makeSendable(answer, slots, rendering);
    if (sendable) this.#plainNos.set(slots.slots[0], sendable);
    return sendable;
  }
}
