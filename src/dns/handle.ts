/**
 * One packet in, one reply out: the road that every query takes, whatever transport brought it.
 *
 *     scan → known answer?  yes: send it.   no: decode → parse → resolve → answer → render and remember, or draw
 *
 * Answers from the catalog come back at once as a number of octets in `out`; what needs an upstream server comes as a
 * promise. The only try/catch of the DNS side is here: a bug becomes SERVFAIL and a count, never silence or a crash.
 * Everything is passed in, so the same code runs in the main thread and in workers.
 */
import type { View } from '../catalog/tables.ts';
import type { Clock } from '../lib/clock.ts';
import type { Logger } from '../lib/log.ts';
import type { Random } from '../lib/random.ts';
import { parse } from '../names/parse.ts';
import type { Assembly } from '../wire/compiled.ts';
import { FLAG, HEADER_BYTES, MAX_MESSAGE_BYTES, MIN_UDP_BYTES, RCODE, TYPE } from '../wire/constants.ts';
import { decodeQuery, type Query, type ResourceRecord } from '../wire/message.ts';
import { foldedLabels } from '../wire/name.ts';
import { type Answer, makeAnswer } from './answer.ts';
import { AnswerCache } from './answer-cache.ts';
import { subnetAddress } from './client-subnet.ts';
import type { DnsConfig } from './config.ts';
import type { Counters, Transport } from './counters.ts';
import { draw } from './draw.ts';
import { errorOption, whyCut, whyNotForwarded } from './extended-error.ts';
import { type Failure, writeFailure, writeRefusal, writeTruncated } from './failure.ts';
import { hostKey, makeHosts, type WantedHost } from './hosts.ts';
import { identityOrder } from './order.ts';
import type { Outcome, Reason } from './outcome.ts';
import type { QueryLog } from './query-log.ts';
import type { Forwarded, Upstream } from './recurse.ts';
import { type ExecuteQuery, type ResolveContext, resolve } from './resolve.ts';
import { newScan, queryOf, scanQuery } from './scan.ts';
import { type Asked, makeSendable, type Sendable, type SendRules, type Slots, send } from './sendable.ts';
import { makeZone, type Zone } from './zone.ts';

export interface HandlerParts {
  readonly view: View;
  /** The present configuration; another object after a reload. */
  readonly config: () => DnsConfig;
  readonly clock: Clock;
  readonly random: Random;
  readonly log: Logger;
  readonly counters: Counters;
  readonly executeQuery: ExecuteQuery;
  readonly upstream: Upstream;
  readonly queryLog: QueryLog;
}

/** What `handle` gives: octets of the reply in `out` (0 for none), or the reply once somebody else has answered. */
export type Handled = number | Promise<Uint8Array | null>;

/** Where a packet came from. */
export interface Client {
  readonly transport: Transport;
  readonly address: string;
}

/** Host names asked upstream for one query. */
const MAX_HOSTS = 8;
/** Records of one host name for a client without EDNS. */
const MAX_HOST_RECORDS = 5;

/** One query in so many is timed. */
const TIMED_ONE_IN = 16;
/** Instead of a start time: this query is not timed. */
const UNTIMED = -1;

type FetchedHosts = ReadonlyMap<string, readonly ResourceRecord[]>;
const NOTHING_FETCHED: FetchedHosts = new Map();

/** Largest message for a client that advertises `payloadBytes` (-1: no EDNS). RFC 6891 §6.2.3. */
function maxBytesFor(transport: Transport, payloadBytes: number, config: DnsConfig): number {
  if (transport === 'tcp') return MAX_MESSAGE_BYTES;
  return payloadBytes <= MIN_UDP_BYTES ? MIN_UDP_BYTES : Math.min(payloadBytes, config.maxUdpPayloadBytes);
}

export class Handler {
  readonly #parts: HandlerParts;
  readonly #cache = new AnswerCache();
  /** Negative answers by the slot they are counted in, which stands for type, rcode and reason. */
  readonly #plainNos = new Map<number, Sendable>();
  readonly #scan = newScan();
  readonly #asked: Asked;
  readonly #assembly: Assembly;
  #zone: Zone;
  #rules: SendRules;
  #seen = 0;

  constructor(parts: HandlerParts) {
    this.#parts = parts;
    this.#zone = makeZone(parts.config());
    this.#rules = this.#rulesOf(this.#zone);
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

  /** Forget rendered answers that belong to these topics; called with every installed write. */
  invalidate(topics: Iterable<string>): void {
    this.#cache.invalidate(topics);
  }

  /** Answer a packet; `out` holds at least the largest message of the transport. Never throws, never rejects. */
  handle(packet: Uint8Array, client: Client, out: Uint8Array): Handled {
    const startedMs = this.#isTimed() ? this.#parts.clock.monotonic() : UNTIMED;
    let handled: Handled;
    try {
      handled = this.#reply(packet, client, out);
    } catch (bug) {
      handled = this.#fault(bug, packet, client.transport, out);
    }
    if (typeof handled === 'number') {
      if (handled > 0) this.#observe(out, handled, client, startedMs);
      return handled;
    }
    return handled.then(
      (reply) => {
        if (reply) this.#observe(reply, reply.length, client, startedMs);
        return reply;
      },
      (bug: unknown) => {
        const space = new Uint8Array(MIN_UDP_BYTES);
        return space.subarray(0, this.#fault(bug, packet, client.transport, space));
      },
    );
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

  /** The zone of the present configuration; a reload makes everything that was rendered void. */
  #currentZone(): Zone {
    const config = this.#parts.config();
    if (config !== this.#zone.config) {
      this.#zone = makeZone(config);
      this.#rules = this.#rulesOf(this.#zone);
      this.#cache.clear();
      this.#plainNos.clear();
    }
    return this.#zone;
  }

  #reply(packet: Uint8Array, client: Client, out: Uint8Array): Handled {
    const { transport } = client;
    const zone = this.#currentZone();
    const isScanned = scanQuery(packet, this.#scan);
    const known = isScanned ? this.#cache.find(packet, this.#scan) : undefined;
    const length = known === undefined ? -1 : this.#send(known, packet, transport, out);
    return length >= 0
      ? length
      : this.#replyAnew({ packet, transport, out, zone, isScanned, client: client.address });
  }

  /** Send a rendered answer to the question in the scan; -1 when it cannot be sent like this. */
  #send(sendable: Sendable, packet: Uint8Array, transport: Transport, out: Uint8Array): number {
    const asked = this.#asked;
    const { nameEnd, payloadBytes } = this.#scan;
    asked.packet = packet;
    asked.payloadBytes = payloadBytes;
    asked.maxBytes = maxBytesFor(transport, payloadBytes, this.#zone.config);
    asked.isSmall = asked.maxBytes === MIN_UDP_BYTES;
    asked.serial = sendable.isNegative ? this.#serial() : 0;
    this.#assembly.out = out;
    this.#assembly.nameEnd = nameEnd;
    const length = send(sendable, asked, this.#assembly, this.#rules);
    if (length >= 0) this.#count(sendable, transport);
    return length;
  }

  #replyAnew(job: Job): Handled {
    const { packet, transport, out, zone } = job;
    const query = job.isScanned ? queryOf(packet, this.#scan) : decodeQuery(packet);
    if (query.kind === 'ignored') {
      this.#parts.counters.dropped(transport, packet.length < HEADER_BYTES ? 'too_short' : 'response');
      return 0;
    }
    if (query.kind === 'refusal') {
      const reason = query.rcode === RCODE.NOTIMP ? 'not_implemented' : 'malformed';
      this.#countFailure(0, query.rcode, reason, transport);
      return writeRefusal(query, out);
    }
    if (query.edns !== null && query.edns.version > 0) {
      const failure = { rcode: RCODE.BADVERS, isAuthoritative: false, withEdns: true };
      return this.#fail(query, failure, 'bad_version', job);
    }
    const lookup = parse(foldedLabels(query.qname), query.qtype, zone.names);
    if (query.qtype === TYPE.AXFR) {
      const failure = { rcode: RCODE.NOTIMP, isAuthoritative: lookup.kind !== 'outside', withEdns: true };
      return this.#fail(query, failure, 'not_implemented', job);
    }
    const outcome = resolve(lookup, query.qtype, this.#context(zone, this.#askerOf(query, job)));
    if (outcome.kind === 'outside') return this.#forward(query, job);
    const isUnknownAddress = outcome.kind === 'none' && outcome.reason === 'unknown_address';
    if (isUnknownAddress && zone.config.recursors.length > 0) return this.#forward(query, job);
    return this.#answer(query, outcome, job);
  }

  #context(zone: Zone, clientAddress: string): ResolveContext {
    const { view, executeQuery } = this.#parts;
    return { view, config: zone.config, executeQuery, clientAddress };
  }

  /** Whoever is behind the resolver that asks, if it says so; else the resolver. */
  #askerOf(query: Query, job: Job): string {
    const subnet = query.edns?.clientSubnet;
    return (subnet && subnetAddress(subnet)) ?? job.client;
  }

  #serial(): number {
    return Math.floor(this.#parts.clock.now() / 1_000);
  }

  /** Answer from the catalog, after host names elsewhere have been asked if the answer needs any. */
  #answer(query: Query, outcome: Local, job: Job): Handled {
    const wanted: WantedHost[] = [];
    const pick = this.#parts.random.next();
    const answer = this.#makeAnswer(query, outcome, pick, (host, qtype) => {
      if (job.zone.config.recursors.length > 0) wanted.push({ host, qtype });
      return [];
    });
    if (wanted.length === 0) return this.#finish(answer, query, job);
    return this.#fetch(wanted, job.zone).then((fetched) => {
      const complete = this.#makeAnswer(
        query,
        outcome,
        pick,
        (host, qtype) => fetched.get(hostKey(host, qtype)) ?? [],
      );
      const out = new Uint8Array(maxBytesFor(job.transport, query.edns?.payloadBytes ?? -1, job.zone.config));
      return out.subarray(0, this.#finish(complete, query, { ...job, out, isScanned: false }));
    });
  }

  #makeAnswer(query: Query, outcome: Local, pick: number, outside: OutsideHosts): Answer {
    const zone = this.#zone;
    const maxRecords = query.edns === null ? MAX_HOST_RECORDS : Number.POSITIVE_INFINITY;
    const hosts = makeHosts({ zone, context: this.#context(zone, ''), pick, maxRecords, outside });
    return makeAnswer(outcome, { zone, qname: query.qname, qtype: query.qtype, hosts, pick });
  }

  async #fetch(wanted: readonly WantedHost[], zone: Zone): Promise<FetchedHosts> {
    const distinct = new Map(wanted.map((each) => [hostKey(each.host, each.qtype), each]));
    const asked = [...distinct].slice(0, MAX_HOSTS).map(async ([key, { host, qtype }]) => {
      const records = await this.#parts.upstream.addressesOf(host, qtype, zone.config);
      return [key, records] as const;
    });
    return asked.length > 0 ? new Map(await Promise.all(asked)) : NOTHING_FETCHED;
  }

  /** Render, remember and send; or write record by record what cannot be rendered. */
  #finish(answer: Answer, query: Query, job: Job): number {
    const { packet, transport, out, zone, isScanned } = job;
    const slots = this.#parts.counters.slots(query.qtype, answer.rcode, answer.reason, answer.service);
    const sendable = isScanned ? this.#sendableOf(answer, slots) : undefined;
    if (sendable && answer.topic !== null) this.#cache.add(packet, this.#scan, answer.topic, sendable);
    const sent = sendable ? this.#send(sendable, packet, transport, out) : -1;
    if (sent >= 0) return sent;
    this.#count(slots, transport);
    const maxBytes = maxBytesFor(transport, query.edns?.payloadBytes ?? -1, zone.config);
    const rules = {
      zone,
      random: this.#parts.random,
      out,
      maxBytes,
      isUdp: transport === 'udp',
      serial: this.#serial(),
    };
    return draw(answer, query, rules);
  }

  /** Render an answer. Those that say nothing but why there is nothing are the same for every such name. */
  #sendableOf(answer: Answer, slots: Slots): Sendable | undefined {
    const isPlainNo = answer.groups.length === 0 && answer.known.length === 0 && answer.service === '';
    if (!isPlainNo || answer.additional.length > 0) return makeSendable(answer, this.#zone, slots);
    const known = this.#plainNos.get(slots.slots[0]);
    if (known !== undefined) return known;
    const sendable = makeSendable(answer, this.#zone, slots);
    if (sendable) this.#plainNos.set(slots.slots[0], sendable);
    return sendable;
  }

  /** Names that are not ours: to the upstream servers, or REFUSED. */
  #forward(query: Query, job: Job): Handled {
    const { packet, transport, zone } = job;
    if (zone.config.recursors.length === 0) {
      const failure = { rcode: RCODE.REFUSED, isAuthoritative: false, withEdns: false };
      return this.#fail(query, failure, 'outside_zone', job);
    }
    const whole = packet.slice();
    return this.#parts.upstream
      .forward(whole, transport, zone.config)
      .then((forwarded) => this.#passOn(forwarded, { ...job, packet: whole }));
  }

  #passOn(forwarded: Forwarded, job: Job): Uint8Array | null {
    const { packet, transport, zone } = job;
    const query = decodeQuery(packet);
    if (query.kind !== 'query') return null;
    if (forwarded.kind === 'failed') {
      const out = new Uint8Array(MIN_UDP_BYTES);
      const option = zone.config.extendedErrors
        ? { option: errorOption(whyNotForwarded(forwarded.why)) }
        : {};
      const failure = { rcode: RCODE.SERVFAIL, isAuthoritative: false, withEdns: true, ...option };
      return out.subarray(0, this.#fail(query, failure, 'recursors_failed', { ...job, out }));
    }
    const { reply } = forwarded;
    this.#countFailure(query.qtype, (reply[3] as number) & 0xf, 'forwarded', transport);
    // The client's size and not the cap counts here: the upstream server has decided what it dares to send.
    const room =
      transport === 'tcp' ? MAX_MESSAGE_BYTES : Math.max(query.edns?.payloadBytes ?? 0, MIN_UDP_BYTES);
    return reply.length <= room ? reply : writeTruncated(reply, query);
  }

  #fail(query: Query, failure: Failure, reason: Reason, job: Job): number {
    this.#countFailure(query.qtype, failure.rcode, reason, job.transport);
    return writeFailure(query, failure, job.zone, job.out);
  }

  #fault(bug: unknown, packet: Uint8Array, transport: Transport, out: Uint8Array): number {
    this.#parts.log.error(
      { err: bug, packet: Buffer.from(packet).toString('hex') },
      'a DNS query could not be answered',
    );
    const query = decodeQuery(packet);
    if (query.kind !== 'query') return 0;
    this.#countFailure(query.qtype, RCODE.SERVFAIL, 'fault', transport);
    const failure = { rcode: RCODE.SERVFAIL, isAuthoritative: false, withEdns: true };
    return writeFailure(query, failure, this.#zone, out);
  }

  #count(slots: Slots, transport: Transport): void {
    const { counters } = this.#parts;
    counters.queries.add(slots.slots[transport === 'udp' ? 0 : 1]);
    if (slots.serviceSlot >= 0) counters.services.add(slots.serviceSlot);
  }

  #countFailure(qtype: number, rcode: number, reason: Reason, transport: Transport): void {
    this.#count(this.#parts.counters.slots(qtype, rcode, reason, ''), transport);
  }

  /** Asking the clock twice costs more than many an answer, so only some are timed; all, when queries are logged. */
  #isTimed(): boolean {
    this.#seen = (this.#seen + 1) % TIMED_ONE_IN;
    return this.#seen === 0 || this.#zone.config.queryLogShare > 0;
  }

  #observe(reply: Uint8Array, length: number, client: Client, startedMs: number): void {
    const { clock, counters, queryLog } = this.#parts;
    if (((reply[2] as number) & (FLAG.TC >>> 8)) !== 0) counters.truncated(client.transport);
    if (startedMs === UNTIMED) return;
    const elapsedMs = clock.monotonic() - startedMs;
    counters.latency.observe(counters.latencySlots[client.transport === 'udp' ? 0 : 1], elapsedMs / 1_000);
    if (queryLog.isSampled(this.#zone.config.queryLogShare)) {
      queryLog.write(reply.subarray(0, length), client, elapsedMs);
    }
  }
}

/** One packet on its way. */
interface Job {
  readonly packet: Uint8Array;
  readonly transport: Transport;
  readonly out: Uint8Array;
  readonly zone: Zone;
  /** Whether the scan holds this packet. */
  readonly isScanned: boolean;
  /** Address of who asks. */
  readonly client: string;
}

type Local = Exclude<Outcome, { kind: 'outside' }>;
type OutsideHosts = (host: string, qtype: number) => readonly ResourceRecord[];
