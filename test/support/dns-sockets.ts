/**
 * A DNS server on real sockets over a catalog in memory, and the clients and upstream servers that talk to it.
 */

import dgram from 'node:dgram';
import { once } from 'node:events';
import { readFile } from 'node:fs/promises';
import net from 'node:net';
import type { Change } from '../../src/catalog/state.ts';
import { State } from '../../src/catalog/state.ts';
import { TABLES } from '../../src/catalog/tables.ts';
import { DNS_DEFAULTS, type DnsConfig } from '../../src/dns/dns-config.ts';
import {
  type DnsServer,
  type InstalledListener,
  type SecureDns,
  startDns,
} from '../../src/dns/dns-server.ts';
import type { UdpTransport } from '../../src/dns/transport/udp-transport.ts';
import { systemClock } from '../../src/lib/clock.ts';
import { type Logger, silentLogger } from '../../src/lib/logger.ts';
import { systemRandom } from '../../src/lib/random.ts';
import { Metrics } from '../../src/metrics/metrics.ts';

export interface SocketRig {
  readonly server: DnsServer;
  readonly metrics: Metrics;
  install(changes: readonly Change[]): void;
  reconfigure(changes: Partial<DnsConfig>): void;
}

export async function startSocketRig(
  options: {
    config?: Partial<DnsConfig>;
    addresses?: readonly string[];
    threads?: number;
    transport?: UdpTransport;
    log?: Logger;
    secure?: SecureDns;
  } = {},
): Promise<SocketRig> {
  const state = new State(TABLES);
  const metrics = new Metrics();
  const listeners: InstalledListener[] = [];
  const configListeners = new Set<(config: DnsConfig) => void>();
  let config: DnsConfig = { ...DNS_DEFAULTS, ...options.config };
  const server = await startDns({
    addresses: options.addresses ?? ['127.0.0.1'],
    port: 0,
    threads: options.threads ?? 0,
    readFile: (file) => readFile(file, 'utf8'),
    transport: options.transport ?? 'auto',
    view: state.view,
    index: () => state.index,
    onInstalled: (listener) => void listeners.push(listener),
    config: () => config,
    onConfig: (listener) => {
      configListeners.add(listener);
      return () => void configListeners.delete(listener);
    },
    nodeName: 'n1',
    clock: systemClock,
    random: systemRandom,
    log: options.log ?? silentLogger,
    metrics,
    executeQuery: () => undefined,
    secure: options.secure,
  });
  return {
    server,
    metrics,
    install(changes) {
      const applied = state.install(changes, state.index + 1);
      for (const listener of listeners) listener(applied, state.index);
    },
    reconfigure(changes) {
      config = { ...config, ...changes };
      for (const listener of configListeners) listener(config);
    },
  };
}

/** One question over UDP; undefined when nothing comes back in time. */
export async function askUdp(
  port: number,
  packet: Uint8Array,
  { host = '127.0.0.1', timeoutMs = 2_000 } = {},
): Promise<Buffer | undefined> {
  const socket = dgram.createSocket(net.isIPv6(host) ? 'udp6' : 'udp4');
  try {
    socket.send(packet, port, host);
    const [reply] = (await once(socket, 'message', { signal: AbortSignal.timeout(timeoutMs) })) as [Buffer];
    return reply;
  } catch {
    return undefined;
  } finally {
    socket.close();
  }
}

export function framed(message: Uint8Array): Buffer {
  return Buffer.from([message.length >>> 8, message.length & 0xff, ...message]);
}

/** Collects whole messages from a TCP connection. */
export function tcpReader(socket: net.Socket): { next(): Promise<Buffer> } {
  let received = Buffer.alloc(0);
  const waiting: ((message: Buffer) => void)[] = [];
  const messages: Buffer[] = [];
  socket.on('data', (chunk) => {
    received = Buffer.concat([received, chunk]);
    while (received.length >= 2 && received.length >= 2 + received.readUInt16BE(0)) {
      const end = 2 + received.readUInt16BE(0);
      messages.push(received.subarray(2, end));
      received = received.subarray(end);
    }
    while (waiting.length > 0 && messages.length > 0) waiting.shift()?.(messages.shift() as Buffer);
  });
  return {
    next: () =>
      new Promise((resolve) => {
        const message = messages.shift();
        if (message) resolve(message);
        else waiting.push(resolve);
      }),
  };
}

export interface Upstream {
  readonly address: string;
  readonly port: number;
  /** Queries as they came, with the transport. */
  readonly seen: { readonly transport: 'udp' | 'tcp'; readonly query: Buffer; readonly fromPort: number }[];
  close(): void;
}

/** What an upstream server sends for a query: any number of messages. */
export type Replies = (query: Buffer, transport: 'udp' | 'tcp') => readonly Uint8Array[];

/** A TCP listener and a UDP socket on one port that was free for both. */
async function openBoth(
  onConnection: (socket: net.Socket) => void,
): Promise<{ udp: dgram.Socket; tcp: net.Server }> {
  for (;;) {
    const tcp = net.createServer(onConnection);
    tcp.listen(0, '127.0.0.1');
    await once(tcp, 'listening');
    const udp = dgram.createSocket('udp4');
    udp.bind((tcp.address() as net.AddressInfo).port, '127.0.0.1');
    try {
      await once(udp, 'listening');
      return { udp, tcp };
    } catch {
      tcp.close();
      udp.close();
    }
  }
}

/** An upstream server on one port over UDP and TCP. */
export async function startUpstream(replies: Replies): Promise<Upstream> {
  const seen: Upstream['seen'] = [];
  const { udp, tcp } = await openBoth((socket) => {
    socket.on('error', () => {});
    socket.on('data', (chunk) => {
      const query = chunk.subarray(2);
      seen.push({ transport: 'tcp', query, fromPort: socket.remotePort ?? 0 });
      for (const reply of replies(query, 'tcp')) socket.write(framed(reply));
    });
  });
  udp.on('message', (query, peer) => {
    seen.push({ transport: 'udp', query, fromPort: peer.port });
    for (const reply of replies(query, 'udp')) udp.send(reply, peer.port, peer.address);
  });
  return {
    address: '127.0.0.1',
    port: udp.address().port,
    seen,
    close: () => {
      udp.close();
      tcp.close();
    },
  };
}
