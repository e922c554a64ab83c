/**
 * The DNS side as one part: opens the sockets, keeps the rendered answers true, closes everything.
 *
 * Each address gets UDP and TCP on the same port. TCP is always answered in this thread; UDP too, unless threads are
 * wanted, which then share the port. What is passed in is all it needs; it listens for installed writes before it listens
 * for packets, so no answer can outlive a change.
 */
import type { Socket } from 'node:net';
import type { Applied } from '../catalog/state.ts';
import type { View } from '../catalog/tables.ts';
import { topicsOf } from '../catalog/topics.ts';
import type { Clock } from '../lib/clock.ts';
import { Turns } from '../lib/fair-turns.ts';
import type { Logger } from '../lib/logger.ts';
import type { Random } from '../lib/random.ts';
import type { Metrics } from '../metrics/metrics.ts';
import type { ModifyIndex } from '../model/types.ts';
import type { SecureSettings } from '../tls/secure-gate.ts';
import { MAX_MESSAGE_BYTES } from '../wire/constants.ts';
import { padReply } from '../wire/padding.ts';
import { freshSeconds } from '../wire/record-walk.ts';
import { type Counters, countLivingServices, makeCounters } from './counters.ts';
import { viewForDns } from './dns-rights.ts';
import type { Elsewhere } from './elsewhere.ts';
import { type ConfigSource, followConfig } from './follow-config.ts';
import { Handler } from './handle.ts';
import { LiveQuestions, type WatchQuestions } from './live-questions.ts';
import { makeQueryLog } from './query-log.ts';
import { QuestionSample } from './question-sample.ts';
import type { ExecuteQuery } from './resolve.ts';
import { Places } from './transport/connection-table.ts';
import { type DnsOverTlsParts, openDnsOverTls, type SecureListener } from './transport/dns-over-tls.ts';
import type { Listener } from './transport/endpoint.ts';
import { watchDrops } from './transport/kernel-drops.ts';
import { openTcp, type TcpParts } from './transport/tcp.ts';
import { makeThreadSockets, type ThreadSockets } from './transport/thread-sockets.ts';
import { startThreads } from './transport/threads.ts';
import {
  chooseLibrary,
  openUdp,
  type UdpParts,
  type UdpTransport,
  warnOfWildcards,
} from './transport/udp-transport.ts';
import { ownSocketTest } from './upstream/own-socket.ts';
import { makeUpstream } from './upstream/recurse.ts';

export type InstalledListener = (applied: readonly Applied[], index: ModifyIndex) => void;

export interface DnsParts extends ConfigSource {
  /** IP addresses to listen on. */
  readonly addresses: readonly string[];
  /** 0 lets the system choose one port for all. */
  readonly port: number;
  /** Threads that answer over UDP; 0 answers in this one. */
  readonly threads: number;
  readonly transport: UdpTransport;
  readonly view: View;
  /** Index of the newest installed write. */
  readonly index: () => ModifyIndex;
  /** Have the listener told of every installed write, in order. */
  readonly onInstalled: (listener: InstalledListener) => void;
  /** Read a file of the system as text. */
  readonly readFile: (file: string) => Promise<string>;
  readonly nodeName: string;
  readonly clock: Clock;
  readonly random: Random;
  readonly log: Logger;
  readonly metrics: Metrics;
  readonly executeQuery: ExecuteQuery;
  readonly elsewhere?: Elsewhere | undefined;
  /** Have the listener told of topics whose kept answers have to be made anew, though nothing was written. */
  readonly onRecalled?: ((listener: (topic: string) => void) => void) | undefined;
  /** DNS over TLS; none when absent. */
  readonly secure?: SecureDns | undefined;
}

/** Where encrypted connections are taken, and by which certificates. */
export interface SecureDns {
  readonly addresses: readonly string[];
  readonly port: number;
  readonly handshakeMs: number;
  readonly settings: () => SecureSettings;
  /** Have the listener told of other settings. */
  readonly onChange: (listener: (settings: SecureSettings) => void) => void;
}

export interface HttpsReply {
  /** Padded. */
  readonly message: Uint8Array;
  /** How long it may be kept. */
  readonly freshSeconds: number;
}

export interface DnsServer {
  readonly port: number;
  /** The port of DNS over TLS; undefined without it. */
  readonly securePort: number | undefined;
  /** Answer a message that came over HTTPS; undefined for one that gets no reply. */
  answer(message: Uint8Array, address: string): Promise<HttpsReply | undefined>;
  /** Shows some of the questions as they come. */
  readonly watch: WatchQuestions;
  close(): Promise<void>;
}

/** Tries to find a port that is free for UDP and TCP on every address when the system chooses. */
const MAX_PORT_TRIES = 20;

async function closeAll(listeners: readonly Listener[]): Promise<void> {
  await Promise.all(listeners.map((listener) => listener.close()));
}

interface Sockets {
  readonly port: number;
  readonly listeners: readonly Listener[];
  /** null: there are no threads, or they open their own. */
  readonly ofThreads: ThreadSockets | null;
}

interface Transports {
  readonly tcp: TcpParts;
  readonly udp: UdpParts;
}

/** Open TCP, and UDP unless threads do, on one port of every address; all or nothing. */
async function openAll(parts: DnsParts, { tcp, udp }: Transports): Promise<Sockets> {
  const { library } = udp;
  const listeners: Listener[] = [];
  const ofThreads =
    parts.threads > 0 && library !== null ? makeThreadSockets(parts.threads, { ...udp, library }) : null;
  let { port } = parts;
  try {
    for (const address of parts.addresses) {
      const listener = await openTcp({ address, port }, tcp);
      listeners.push(listener);
      port = listener.port;
      if (parts.threads === 0) listeners.push(await openUdp({ address, port }, udp));
      ofThreads?.open({ address, port });
    }
    return { port, listeners, ofThreads };
  } catch (error) {
    ofThreads?.close();
    await closeAll(listeners);
    throw error;
  }
}

async function openSomewhere(parts: DnsParts, transports: Transports): Promise<Sockets> {
  for (let tries = 1; ; tries += 1) {
    try {
      return await openAll(parts, transports);
    } catch (error) {
      const isTaken = (error as NodeJS.ErrnoException).code === 'EADDRINUSE';
      if (parts.port !== 0 || !isTaken || tries >= MAX_PORT_TRIES) throw error;
    }
  }
}

async function openThreads(
  parts: DnsParts & { readonly live: LiveQuestions },
  { port, ofThreads: sockets }: Sockets,
): Promise<() => Promise<void>> {
  if (parts.threads === 0) return async () => {};
  const config = parts.config();
  const starting = startThreads({ ...parts, count: parts.threads, port, sockets, config });
  parts.onInstalled(starting.write);
  parts.live.onSwitch(starting.watch);
  const threads = await starting.listening;
  const release = followConfig(parts, config, threads.configure);
  return () => {
    release();
    return threads.stop();
  };
}

/** Open DNS over TLS on one port of each of its addresses, into `opened`. */
async function openSecure(
  { secure, metrics }: DnsParts,
  tcp: TcpParts & Pick<DnsOverTlsParts, 'counters'>,
  opened: SecureListener[],
): Promise<void> {
  if (secure === undefined) return;
  const { handshakeMs } = secure;
  const failures = metrics.counter('tls_handshake_failures');
  const slot = failures.slot('dns');
  let { port } = secure;
  for (const address of secure.addresses) {
    const settings = secure.settings();
    const parts = { ...tcp, settings, handshakeMs, onFailed: () => failures.add(slot) };
    const listener = await openDnsOverTls({ address, port }, parts);
    port = listener.port;
    opened.push(listener);
  }
  secure.onChange((settings) => {
    for (const listener of opened) listener.replace(settings);
  });
}

function answerOverHttps(handler: Handler, counters: Counters): DnsServer['answer'] {
  const scratch = new Uint8Array(MAX_MESSAGE_BYTES);
  return async (message, address) => {
    const handled = handler.handle(message, { transport: 'tcp', address: () => address }, scratch);
    const reply = typeof handled === 'number' ? scratch.slice(0, handled) : await handled;
    if (reply === null || reply.length === 0) return undefined;
    counters.encrypted('https');
    return { message: padReply(reply), freshSeconds: freshSeconds(reply) };
  };
}

/** Start answering. Rejects with the system's error (`code`, `address`, `port`) when a socket cannot be opened. */
export async function startDns(parts: DnsParts): Promise<DnsServer> {
  const { view, config, clock, random, log, executeQuery, addresses, elsewhere } = parts;
  const counters = makeCounters(parts.metrics);
  countLivingServices(parts.metrics, view);
  let ownPort = parts.port;
  const isSelf = ownSocketTest(addresses, () => ownPort);
  const upstream = makeUpstream({ clock, random, counters, isSelf });
  const sample = new QuestionSample(clock, random);
  const live = new LiveQuestions(clock, sample);
  const queryLog = makeQueryLog(log, random, sample);
  const handler = new Handler({
    view: viewForDns(view, config),
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
  parts.onRecalled?.((topic) => handler.invalidate(new Set([topic])));
  parts.onInstalled((applied) => handler.invalidate(topicsOf(applied, view)));
  const library = chooseLibrary(parts.transport, log);
  if (library === null) warnOfWildcards(addresses, log);
  const tcp = { handler, log, config, counters, places: new Places<Socket>(), turns: new Turns(clock) };
  const sockets = await openSomewhere(parts, { tcp, udp: { library, handler, log, counters, clock } });
  ownPort = sockets.port;
  const secure: SecureListener[] = [];
  try {
    await openSecure(parts, tcp, secure);
    const stopThreads = await openThreads({ ...parts, live }, sockets);
    const stopDrops = watchDrops({ ...parts, port: ownPort, counters });
    const close = async (): Promise<void> => {
      stopDrops();
      await Promise.all([stopThreads(), closeAll([...secure, ...sockets.listeners])]);
      sockets.ofThreads?.close();
    };
    return {
      port: sockets.port,
      securePort: secure[0]?.port,
      answer: answerOverHttps(handler, counters),
      watch: live.watch,
      close,
    };
  } catch (error) {
    sockets.ofThreads?.close();
    await closeAll([...secure, ...sockets.listeners]);
    throw error;
  }
}
