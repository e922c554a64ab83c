/**
 * Answers DNS packets that came another way than over a socket of ours: an agent without these rows has passed them on.
 *
 * The same responder as behind the sockets, with rendered answers of its own that every installed write keeps true; one for
 * each token that agents send, because what may be seen differs.
 */
import { topicsOf } from '../catalog/topics.ts';
import { MAX_MESSAGE_BYTES } from '../wire/constants.ts';
import { makeCounters, type Transport } from './counters.ts';
import { viewForDns } from './dns-rights.ts';
import type { DnsParts } from './dns-server.ts';
import { Handler } from './handle.ts';
import { makeQueryLog } from './query-log.ts';
import { makeUpstream } from './upstream/recurse.ts';

/** Responders that are kept, and what each has rendered with it; of others the oldest goes. */
const MAX_HANDLERS = 16;

type Config = DnsParts['config'];

interface PacketParts
  extends Pick<
    DnsParts,
    'view' | 'config' | 'clock' | 'random' | 'log' | 'metrics' | 'elsewhere' | 'onInstalled'
  > {
  readonly executeQueryBy: (config: Config) => DnsParts['executeQuery'];
  /** The configuration with the rights of a token, the same function each time; absent where there is no access control. */
  readonly configOf?: (token: string) => Config;
}

/** Who has passed a packet on; without a token it is answered as what comes over a socket. */
export interface PacketAsker {
  readonly address: string;
  readonly token?: string | undefined;
  /** Its node; '' where it is in another datacenter. */
  readonly agentNode?: string | undefined;
}

/** Answers a packet; null for what is no question. Never rejects. */
export type AnswerPacket = (
  packet: Uint8Array,
  transport: Transport,
  asker: PacketAsker,
) => Promise<Uint8Array | null>;

export function makeAnswerPacket(parts: PacketParts): AnswerPacket {
  const { view, clock, random, log, metrics, executeQueryBy, elsewhere, onInstalled } = parts;
  const counters = makeCounters(metrics);
  // Who passes a packet on is no recursor of ours.
  const upstream = makeUpstream({ clock, random, counters, isSelf: () => false });
  const queryLog = makeQueryLog(log, random);
  const makeHandler = (config: Config): Handler =>
    new Handler({
      view: viewForDns(view, config),
      config,
      clock,
      random,
      log,
      counters,
      executeQuery: executeQueryBy(config),
      upstream,
      queryLog,
      elsewhere,
    });
  const handlers = new Map<Config, Handler>();
  const handlerOf = (config: Config): Handler => {
    const handler = handlers.get(config) ?? makeHandler(config);
    handlers.delete(config);
    handlers.set(config, handler);
    if (handlers.size > MAX_HANDLERS) {
      const [oldest] = handlers.keys();
      handlers.delete(oldest as Config);
    }
    return handler;
  };
  onInstalled((applied) => {
    if (handlers.size === 0) return;
    const topics = topicsOf(applied, view);
    for (const handler of handlers.values()) handler.invalidate(topics);
  });
  const out = new Uint8Array(MAX_MESSAGE_BYTES);
  return async (packet, transport, { address, token, agentNode }) => {
    const config = token === undefined ? undefined : parts.configOf?.(token);
    const handler = handlerOf(config ?? parts.config);
    const handled = handler.handle(packet, { transport, address: () => address, agentNode }, out);
    if (typeof handled === 'number') return handled === 0 ? null : out.slice(0, handled);
    return handled;
  };
}
