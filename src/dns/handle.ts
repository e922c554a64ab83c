/**
 * One packet in, one reply out: the road that every query takes, whatever transport brought it.
 *
 *     scan → known answer?  yes: send it.   no: decode → decide → answer → render and remember, or encode
 *
 * Answers from the catalog come back at once as a number of octets in `out`; what needs an upstream server comes as a
 * promise. The only try/catch of the DNS side is here: a bug becomes SERVFAIL and a count, never silence or a crash.
 * Everything is passed in, so the same code runs in the main thread and in workers.
 */
import type { View } from '../catalog/tables.ts';
import type { Clock } from '../lib/clock.ts';
import type { Logger } from '../lib/logger.ts';
import type { Random } from '../lib/random.ts';
import { HEADER_BYTES, MAX_MESSAGE_BYTES, MIN_UDP_BYTES, RCODE } from '../wire/constants.ts';
import { decodeQuery, type Query } from '../wire/message.ts';
import { appendCookie, cookieOption, isProof, readCookie, writeMalformed } from './cookies.ts';
import type { Counters, Transport } from './counters.ts';
import { DearQuestions } from './dear-questions.ts';
import { decide } from './decide.ts';
import type { DnsConfig } from './dns-config.ts';
import { type Elsewhere, type ElsewherePlace, type FoundFar, MAX_ASKED_ELSEWHERE } from './elsewhere.ts';
import { errorOption, whyNoServer } from './extended-error.ts';
import { type Failure, writeFailure, writeRefusal } from './failure.ts';
import type { FetchedHosts } from './hosts.ts';
import { ServiceIndexes } from './known-instances.ts';
import { localAnswer } from './local-answer.ts';
import { NodeIds } from './node-ids.ts';
import type { FoundHere, NotFound, Reason } from './outcome.ts';
import type { QueryLog } from './query-log.ts';
import { subnetAddress } from './query-subnet.ts';
import { RateLimit } from './rate-limit.ts';
import { ReplyWatch } from './reply-watch.ts';
import { ALL_NODES, type ExecuteQuery, foundElsewhere, type ResolveContext } from './resolve.ts';
import { type Job, maxBytesFor, maxBytesForAsker, Sender } from './sender.ts';
import { fetchHosts } from './upstream/fetch-hosts.ts';
import { replyOfForwarded, roomForForwarded } from './upstream/forwarded-reply.ts';
import type { Upstream } from './upstream/recurse.ts';
import { makeZone, type Zone } from './zone.ts';

export interface HandlerParts {
  readonly view: View;
  /** The present configuration; another object after a reload. */
  readonly config: () => DnsConfig;
  readonly clock: Clock;
  readonly random: Random;
  readonly log: Pick<Logger, 'error'>;
  readonly counters: Counters;
  readonly executeQuery: ExecuteQuery;
  readonly upstream: Upstream;
  readonly queryLog: QueryLog;
  /** Absent where all rows are here, and there are no other datacenters. */
  readonly elsewhere?: Elsewhere | undefined;
}

/** What `handle` gives: octets of the reply in `out` (0 for none), or the reply once somebody else has answered. */
export type Handled = number | Promise<Uint8Array | null>;

/** Where a packet came from; true until the call of `handle` with it has returned. */
export interface Client {
  readonly transport: Transport;
  /** It has shown by a cookie that the address is its own. */
  readonly isProven?: boolean | undefined;
  /** Octets that are still to be added to its replies. */
  readonly reservedBytes?: number | undefined;
  /** The node of the agent that has passed the packet on. */
  readonly agentNode?: string | undefined;
  /** The IP address as text, which costs more than many an answer: made when somebody wants it. */
  address(): string;
}

const NOBODY = (): string => '';

const NOTHING_FETCHED: Readonly<FetchedHosts> = new Map();

export class Handler {
  readonly #parts: HandlerParts;
  readonly #sender: Sender;
  readonly #nodeIds: NodeIds;
  readonly #services: ServiceIndexes;
  readonly #dear: DearQuestions;
  readonly #rateLimit: RateLimit;
  readonly #watch: ReplyWatch;
  /** For replies that are copied before the next one is written. */
  readonly #scratch = new Uint8Array(MAX_MESSAGE_BYTES);
  #zone: Zone;
  /** Questions that wait for somebody else. */
  #askedElsewhere = 0;

  constructor(parts: HandlerParts) {
    this.#parts = parts;
    this.#zone = makeZone(parts.config());
    this.#sender = new Sender(parts, this.#zone);
    this.#nodeIds = new NodeIds(parts.view);
    this.#services = new ServiceIndexes(parts.view);
    this.#dear = new DearQuestions(parts.clock);
    this.#rateLimit = new RateLimit(parts.clock);
    this.#watch = new ReplyWatch(parts);
  }

  /** Forget rendered answers that belong to these topics; called with every installed write. */
  invalidate(topics: ReadonlySet<string>): void {
    if (topics.has(ALL_NODES)) this.#nodeIds.forget();
    this.#services.invalidate(topics);
    this.#sender.invalidate(topics);
  }

  /**
   * Answer a packet; `out` holds at least the largest message of the transport. What is passed in may be used again for
   * the next packet as soon as this returns, also when the reply comes later. Never throws, never rejects.
   */
  handle(packet: Uint8Array, client: Client, out: Uint8Array): Handled {
    const startedMs = this.#watch.begin(this.#zone.config.queryLogShare);
    let handled: Handled;
    try {
      const { cookieSecret } = this.#currentZone().config;
      handled =
        cookieSecret !== null && client.transport === 'udp'
          ? this.#replyWithCookie(packet, client, out, cookieSecret)
          : this.#reply(packet, client, out);
    } catch (bug) {
      handled = this.#fault(bug, packet, client.transport, out);
    }
    if (typeof handled === 'number') {
      if (handled > 0) this.#watch.observe(out, handled, client, startedMs);
      return handled;
    }
    const [address, whole] = [client.address(), packet.slice()];
    const who: Client = { transport: client.transport, address: () => address };
    return handled.then(
      (reply) => {
        if (reply) this.#watch.observe(reply, reply.length, who, startedMs);
        return reply;
      },
      (bug: unknown) => {
        const space = new Uint8Array(MIN_UDP_BYTES);
        return space.subarray(0, this.#fault(bug, whole, who.transport, space));
      },
    );
  }

  /** The zone of the present configuration; a reload makes everything that was rendered void. */
  #currentZone(): Zone {
    const config = this.#parts.config();
    if (config !== this.#zone.config) {
      this.#zone = makeZone(config);
      this.#sender.setZone(this.#zone);
      this.#services.clear();
      this.#nodeIds.forget();
    }
    return this.#zone;
  }

  /** As `#reply`, with a cookie for who brings one. */
  #replyWithCookie(packet: Uint8Array, client: Client, out: Uint8Array, secret: Uint8Array): Handled {
    const cookie = readCookie(packet);
    if (cookie === undefined) return this.#reply(packet, client, out);
    if (cookie === 'malformed') {
      this.#countFailure(0, RCODE.FORMERR, 'malformed', client.transport);
      return writeMalformed(packet, out);
    }
    const address = client.address();
    const nowSeconds = Math.floor(this.#parts.clock.now() / 1_000);
    const isProven = isProof(cookie, address, secret, nowSeconds);
    const option = cookieOption(cookie, address, secret, nowSeconds);
    const { transport, agentNode } = client;
    const known: Client = { transport, address: () => address, isProven, agentNode };
    const maxBytes = maxBytesForAsker(known, cookie.payloadBytes, this.#zone.config);
    const handled = this.#reply(packet, { ...known, reservedBytes: option.length }, out);
    if (typeof handled === 'number') return appendCookie(out, handled, option, maxBytes);
    return handled.then((reply) => {
      if (reply === null) return null;
      const longer = new Uint8Array(reply.length + option.length);
      longer.set(reply);
      return longer.subarray(0, appendCookie(longer, reply.length, option, maxBytes));
    });
  }

  #reply(packet: Uint8Array, client: Client, out: Uint8Array): Handled {
    const { transport } = client;
    const { responseRate } = this.#currentZone().config;
    if (transport === 'udp' && responseRate.perSecond > 0 && !client.isProven) {
      const may = this.#rateLimit.take(client.address(), responseRate);
      if (may !== 'reply') return this.#withhold(may, packet, out);
    }
    const isScanned = this.#sender.scan(packet);
    const length = isScanned ? this.#sender.sendKnown(packet, client, out) : -1;
    if (length >= 0) return length;
    const job = { packet, transport, out, isScanned, client };
    return transport === 'udp' ? this.#replyInTurn(job) : this.#replyAnew(job);
  }

  /** No reply, or one that only says: come over TCP. */
  #withhold(action: 'slip' | 'nothing', packet: Uint8Array, out: Uint8Array): number {
    this.#parts.counters.rateLimited(action);
    return action === 'slip' && this.#sender.scan(packet) ? this.#sender.sendSlip(packet, out) : 0;
  }

  /** Answer at once, or when others have had their turn. */
  #replyInTurn(job: Job): Handled {
    const { clock, counters } = this.#parts;
    if (this.#dear.isFull) {
      counters.dropped('udp', 'too_many');
      return 0;
    }
    if (this.#dear.isBusy) return this.#replyLater(job);
    const begunMs = clock.monotonic();
    const handled = this.#replyAnew(job);
    this.#dear.spend(clock.monotonic() - begunMs);
    return handled;
  }

  #replyLater(job: Job): Promise<Uint8Array | null> {
    const [packet, address] = [job.packet.slice(), job.client.address()];
    const { isProven, reservedBytes, agentNode } = job.client;
    const client: Client = { transport: 'udp', address: () => address, isProven, reservedBytes, agentNode };
    return new Promise((resolve, reject) => {
      this.#dear.wait(() => {
        try {
          resolve(this.#replyToKept(packet, client));
        } catch (bug) {
          reject(bug);
        }
      });
    });
  }

  /** Reply to a packet that has waited. */
  #replyToKept(packet: Uint8Array, client: Client): Uint8Array | Promise<Uint8Array | null> {
    this.#currentZone();
    const { transport } = client;
    const out = this.#scratch;
    const isScanned = this.#sender.scan(packet);
    const known = isScanned ? this.#sender.sendKnown(packet, client, out) : -1;
    const handled = known >= 0 ? known : this.#replyAnew({ packet, transport, out, isScanned, client });
    return typeof handled === 'number' ? out.slice(0, handled) : handled;
  }

  #replyAnew(job: Job): Handled {
    const { packet, transport, out } = job;
    const zone = this.#zone;
    const query = job.isScanned ? this.#sender.scannedQuery(packet) : decodeQuery(packet);
    if (query.kind === 'ignored') {
      this.#parts.counters.dropped(transport, packet.length < HEADER_BYTES ? 'too_short' : 'response');
      return 0;
    }
    if (query.kind === 'refusal') {
      const reason = query.rcode === RCODE.NOTIMP ? 'not_implemented' : 'malformed';
      this.#countFailure(0, query.rcode, reason, transport);
      return writeRefusal(query, out);
    }
    const decision = decide(query, zone, {
      ...this.#context(zone, this.#askerOf(query, job)),
      agentNode: job.client.agentNode,
    });
    if (decision.kind === 'refuse') return this.#fail(query, decision, decision.reason, job);
    if (decision.kind === 'elsewhere') return this.#askElsewhere(query, decision.place, job);
    return decision.kind === 'forward'
      ? this.#forward(query, job)
      : this.#answer(query, decision.outcome, job);
  }

  /** Have the rows brought here and answer, or have somebody else answer. */
  #askElsewhere(query: Query, place: ElsewherePlace, job: Job): Handled {
    const { elsewhere } = this.#parts;
    if (elsewhere === undefined || this.#askedElsewhere >= MAX_ASKED_ELSEWHERE)
      return this.#failUnreached(query, job);
    const { transport } = job;
    const [whole, address] = [job.packet.slice(), job.client.address()];
    const { isProven, reservedBytes, agentNode } = job.client;
    const client: Client = { transport, address: () => address, isProven, reservedBytes, agentNode };
    const unreached = (): Uint8Array => {
      const [later, out] = [decodeQuery(whole), new Uint8Array(MIN_UDP_BYTES)];
      if (later.kind !== 'query') return out.subarray(0, 0);
      return out.subarray(0, this.#failUnreached(later, { ...job, packet: whole, out }));
    };
    const asked = (): Promise<Uint8Array | null> => {
      if (place.kind === 'rows')
        return elsewhere
          .fetch(place.topic)
          .then((isHere) => (isHere ? this.#replyToKept(whole, client) : unreached()));
      if (place.kind === 'failover' && elsewhere.failOver !== undefined)
        return elsewhere
          .failOver(place.query)
          .then((found) => this.#replyFromFar(whole, found ?? place.outcome, client));
      return elsewhere.ask(whole, place, transport).then((reply) => {
        if (reply !== null)
          this.#countFailure(query.qtype, (reply[3] as number) & 0xf, 'asked_elsewhere', transport);
        return reply ?? unreached();
      });
    };
    this.#askedElsewhere += 1;
    return asked().finally(() => {
      this.#askedElsewhere -= 1;
    });
  }

  /** The answer to a packet that has waited for other datacenters. */
  #replyFromFar(
    packet: Uint8Array,
    found: FoundFar | NotFound,
    client: Client,
  ): Uint8Array | null | Promise<Uint8Array | null> {
    const query = decodeQuery(packet);
    if (query.kind !== 'query') return null;
    const { config } = this.#currentZone();
    const { transport } = client;
    const outcome = 'kind' in found ? found : foundElsewhere(found, config);
    const out = new Uint8Array(maxBytesFor(transport, query.edns?.payloadBytes ?? -1, config));
    const handled = this.#answer(query, outcome, { packet, transport, out, isScanned: false, client });
    return typeof handled === 'number' ? out.subarray(0, handled) : handled;
  }

  #failUnreached(query: Query, job: Job): number {
    const option = this.#zone.config.extendedErrors ? { option: errorOption(whyNoServer()) } : {};
    const failure = { rcode: RCODE.SERVFAIL, isAuthoritative: false, withEdns: true, ...option };
    return this.#fail(query, failure, 'no_servers', job);
  }

  #context(zone: Zone, clientAddress: () => string): ResolveContext {
    const { view, executeQuery } = this.#parts;
    const [nodeIds, services] = [this.#nodeIds, this.#services];
    const { elsewhere } = this.#parts;
    return { view, config: zone.config, executeQuery, clientAddress, nodeIds, services, elsewhere };
  }

  /** Whoever is behind the resolver that asks, if it says so; else the resolver. */
  #askerOf(query: Query, job: Job): () => string {
    const subnet = query.edns?.clientSubnet;
    return () => (subnet && subnetAddress(subnet)) ?? job.client.address();
  }

  /** Answer from the catalog, after host names elsewhere have been asked if the answer needs any. */
  #answer(query: Query, outcome: FoundHere, job: Job): Handled {
    const zone = this.#zone;
    const pick = this.#parts.random.next();
    const parts = { zone, context: this.#context(zone, NOBODY), pick, fetched: NOTHING_FETCHED };
    const { answer, wanted } = localAnswer(query, outcome, parts);
    if (wanted.length === 0) return this.#sender.finish(answer, query, job);
    const whole = job.packet.slice();
    const later = decodeQuery(whole);
    if (later.kind !== 'query') return 0;
    return fetchHosts(wanted, this.#parts.upstream, zone.config).then((fetched) => {
      const complete = localAnswer(later, outcome, { ...parts, fetched });
      const out = new Uint8Array(maxBytesFor(job.transport, later.edns?.payloadBytes ?? -1, zone.config));
      const rest = { ...job, packet: whole, out, isScanned: false };
      return out.subarray(0, this.#sender.finish(complete.answer, later, rest));
    });
  }

  /** Pass a query on to the recursors as it came. */
  #forward(query: Query, job: Job): Handled {
    const { packet, transport } = job;
    const zone = this.#zone;
    const room = roomForForwarded(query, job.client, zone.config);
    const whole = packet.slice();
    return this.#parts.upstream.forward(whole, transport, zone.config).then((forwarded) => {
      const later = decodeQuery(whole);
      if (later.kind !== 'query') return null;
      const { reply, rcode, reason } = replyOfForwarded(forwarded, later, zone, room);
      this.#countFailure(later.qtype, rcode, reason, transport);
      return reply;
    });
  }

  #fail(query: Query, failure: Failure, reason: Reason, job: Job): number {
    this.#countFailure(query.qtype, failure.rcode, reason, job.transport);
    return writeFailure(query, failure, this.#zone, job.out);
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

  #countFailure(qtype: number, rcode: number, reason: Reason, transport: Transport): void {
    this.#sender.count(this.#parts.counters.slots(qtype, rcode, reason, ''), transport);
  }
}
