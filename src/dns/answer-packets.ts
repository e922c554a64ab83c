/**
 * Answers DNS packets that came another way than over a socket of ours: an agent without these rows has passed them on.
 *
 * The same responder as behind the sockets, with rendered answers of its own that every installed write keeps true.
 */
import { topicsOf } from '../catalog/topics.ts';
import { MAX_MESSAGE_BYTES } from '../wire/constants.ts';
import { makeCounters, type Transport } from './counters.ts';
import type { DnsParts } from './dns-server.ts';
import { Handler } from './handle.ts';
import { makeQueryLog } from './query-log.ts';
import { makeUpstream } from './upstream/recurse.ts';

type PacketParts = Pick<
  DnsParts,
  'view' | 'config' | 'clock' | 'random' | 'log' | 'metrics' | 'executeQuery' | 'elsewhere' | 'onInstalled'
>;

/** Answers a packet for a client at this address; null for what is no question. Never rejects. */
export type AnswerPacket = (
  packet: Uint8Array,
  transport: Transport,
  address: string,
) => Promise<Uint8Array | null>;

export function makeAnswerPacket(parts: PacketParts): AnswerPacket {
  const { view, config, clock, random, log, metrics, executeQuery, elsewhere, onInstalled } = parts;
  const counters = makeCounters(metrics);
  // Who passes a packet on is no recursor of ours.
  const upstream = makeUpstream({ clock, random, counters, isSelf: () => false });
  const queryLog = makeQueryLog(log, random);
  const handler = new Handler({
    view,
    config,
    clock,
    random,
    log,
    counters,
    executeQuery,
    upstream,
    queryLog,
    elsewhere,
  });
  onInstalled((applied) => handler.invalidate(topicsOf(applied, view)));
  const out = new Uint8Array(MAX_MESSAGE_BYTES);
  return async (packet, transport, address) => {
    const handled = handler.handle(packet, { transport, address: () => address }, out);
    if (typeof handled === 'number') return handled === 0 ? null : out.slice(0, handled);
    return handled;
  };
}
