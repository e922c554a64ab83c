/**
 * Names outside the zone: forwarded to upstream servers, octet for octet.
 *
 * The client's transport is kept, so a truncated reply reaches it with TC and its retry over TCP is forwarded over TCP.
 * The first NOERROR or NXDOMAIN wins; anything else, and silence, goes to the next server. Servers that are this agent
 * itself are left out, and so many questions may be under way and no more. Never rejects: failure is an outcome.
 */
import type { Clock } from '../../lib/clock.ts';
import type { Random } from '../../lib/random.ts';
import { FLAG, HEADER_BYTES, OPT_BYTES, RCODE, rcodeName, TYPE } from '../../wire/constants.ts';
import { decodeMessage, type ResourceRecord } from '../../wire/message.ts';
import { nameFromText } from '../../wire/name.ts';
import type { Counters, Transport } from '../counters.ts';
import type { DnsConfig, Recursor } from '../dns-config.ts';
import { type Exchanged, exchange } from './exchange.ts';

export type Forwarded =
  | { readonly kind: 'reply'; readonly reply: Uint8Array }
  | { readonly kind: 'failed'; readonly why: string };

export interface UpstreamParts {
  readonly clock: Clock;
  readonly random: Random;
  readonly counters: Pick<Counters, 'upstream'>;
  /** Whether a recursor is this agent: asking it would go round for ever. */
  readonly isSelf: (recursor: Recursor) => boolean;
}

export interface Upstream {
  /** Forward a query as it came; the reply carries the id of `query`. */
  forward(query: Uint8Array, transport: Transport, config: DnsConfig): Promise<Forwarded>;
  /** Addresses of a host, and the aliases on the way; empty when there are none or nobody answers. */
  addressesOf(host: string, qtype: number, config: DnsConfig): Promise<readonly ResourceRecord[]>;
}

/** Offered in our own questions: what passes every path without fragments. */
const OWN_PAYLOAD_BYTES = 1_232;

function inTurn(config: DnsConfig, parts: UpstreamParts): readonly Recursor[] {
  const servers = config.recursors.filter((server) => !parts.isSelf(server));
  if (config.recursorStrategy === 'sequential') return servers;
  return servers
    .map((server) => ({ server, key: parts.random.next() }))
    .sort((a, b) => a.key - b.key)
    .map(({ server }) => server);
}

function rcodeOf(reply: Uint8Array): number {
  return (reply[3] as number) & 0xf;
}

function isUsable(exchanged: Exchanged): exchanged is Exchanged & { kind: 'reply' } {
  if (exchanged.kind !== 'reply') return false;
  const rcode = rcodeOf(exchanged.reply);
  return rcode === RCODE.NOERROR || rcode === RCODE.NXDOMAIN;
}

function failureOf(server: Recursor, exchanged: Exchanged): string {
  const what = exchanged.kind === 'reply' ? rcodeName(rcodeOf(exchanged.reply)) : exchanged.why;
  return `${server.address}: ${what}`;
}

function labelOf(exchanged: Exchanged): 'ok' | 'refused' | 'timeout' | 'error' {
  if (exchanged.kind !== 'reply') return exchanged.kind;
  return isUsable(exchanged) ? 'ok' : 'refused';
}

/** A query of our own: RD, and EDNS so that the answer may be larger than 512 octets. */
function ownQuery(host: string, qtype: number): Uint8Array | undefined {
  const name = nameFromText(host);
  if (name === undefined) return undefined;
  const query = new Uint8Array(HEADER_BYTES + name.length + 4 + OPT_BYTES);
  query.set([0, 0, FLAG.RD >>> 8, 0, 0, 1, 0, 0, 0, 0, 0, 1]);
  query.set(name, HEADER_BYTES);
  const at = HEADER_BYTES + name.length;
  query.set(
    [qtype >>> 8, qtype & 0xff, 0, 1, 0, 0, TYPE.OPT, OWN_PAYLOAD_BYTES >>> 8, OWN_PAYLOAD_BYTES & 0xff],
    at,
  );
  return query;
}

export function makeUpstream(parts: UpstreamParts): Upstream {
  let inFlight = 0;

  async function ask(query: Uint8Array, transport: Transport, config: DnsConfig): Promise<Forwarded> {
    const failures: string[] = [];
    for (const server of inTurn(config, parts)) {
      const startedMs = parts.clock.monotonic();
      const { clock, random } = parts;
      const exchanged = await exchange(query, transport, server, {
        clock,
        random,
        timeoutMs: config.recursorTimeoutMs,
      });
      parts.counters.upstream(labelOf(exchanged), (clock.monotonic() - startedMs) / 1_000);
      if (isUsable(exchanged)) return { kind: 'reply', reply: exchanged.reply };
      failures.push(failureOf(server, exchanged));
    }
    return { kind: 'failed', why: failures.join('; ') || 'every recursor is this agent itself' };
  }

  async function bounded(query: Uint8Array, transport: Transport, config: DnsConfig): Promise<Forwarded> {
    if (inFlight >= config.recursorMaxInFlight) {
      parts.counters.upstream('too_many', 0);
      return { kind: 'failed', why: `${inFlight} forwarded questions under way, no more are taken` };
    }
    inFlight += 1;
    try {
      return await ask(query, transport, config);
    } finally {
      inFlight -= 1;
    }
  }

  return {
    async forward(query, transport, config) {
      const forwarded = await bounded(query, transport, config);
      if (forwarded.kind === 'failed') return forwarded;
      const reply = Uint8Array.from(forwarded.reply);
      reply.set(query.subarray(0, 2));
      reply[3] = (reply[3] as number) | FLAG.RA;
      return { kind: 'reply', reply };
    },
    async addressesOf(host, qtype, config) {
      const query = ownQuery(host, qtype);
      if (query === undefined) return [];
      let forwarded = await bounded(query, 'udp', config);
      const isTruncated =
        forwarded.kind === 'reply' && ((forwarded.reply[2] as number) & (FLAG.TC >>> 8)) !== 0;
      if (isTruncated) forwarded = await bounded(query, 'tcp', config);
      const message = forwarded.kind === 'reply' ? decodeMessage(forwarded.reply) : undefined;
      return message?.answers.filter(({ data }) => data.type === TYPE.CNAME || data.type === qtype) ?? [];
    },
  };
}
