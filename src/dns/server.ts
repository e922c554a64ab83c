/**
 * The DNS side as one part: opens the sockets, keeps the rendered answers true, closes everything.
 *
 * Each address gets UDP and TCP on the same port. What is passed in is all it needs; agent/agent.ts tells it of
 * installed writes with `onInstalled` and closes it at the end.
 */
import os from 'node:os';
import type { Applied } from '../catalog/state.ts';
import type { View } from '../catalog/tables.ts';
import { topicsOf } from '../catalog/topics.ts';
import type { Clock } from '../lib/clock.ts';
import type { Logger } from '../lib/log.ts';
import type { Random } from '../lib/random.ts';
import type { Metrics } from '../metrics/registry.ts';
import type { DnsConfig, Recursor } from './config.ts';
import { type Counters, makeCounters } from './counters.ts';
import { Handler } from './handle.ts';
import { makeQueryLog } from './query-log.ts';
import { makeUpstream } from './recurse.ts';
import type { ExecuteQuery } from './resolve.ts';
import { openTcp } from './tcp.ts';
import { type Listener, openUdp } from './udp.ts';

export interface DnsParts {
  /** IP addresses to listen on. */
  readonly addresses: readonly string[];
  /** 0 lets the system choose one port for all. */
  readonly port: number;
  readonly view: View;
  /** The present configuration; a reload makes it return another object. */
  readonly config: () => DnsConfig;
  readonly clock: Clock;
  readonly random: Random;
  readonly log: Logger;
  readonly metrics: Metrics;
  readonly executeQuery: ExecuteQuery;
}

export interface DnsServer {
  readonly port: number;
  /** Tell of an installed write: answers that it made stale are forgotten. */
  onInstalled(applied: readonly Applied[]): void;
  close(): Promise<void>;
}

/** Tries to find a port that is free for UDP and TCP on every address when the system chooses. */
const MAX_PORT_TRIES = 20;

/** Whether a recursor is one of our own sockets, `port` at `addresses`. */
export function isOwnSocket(
  recursor: Recursor,
  addresses: readonly string[],
  port: number,
  local: () => ReadonlySet<string>,
): boolean {
  if (recursor.port !== port) return false;
  if (addresses.includes(recursor.address)) return true;
  const isWildcard = addresses.includes('0.0.0.0') || addresses.includes('::');
  return isWildcard && (local().has(recursor.address) || recursor.address.startsWith('127.'));
}

function localAddresses(): ReadonlySet<string> {
  const all = Object.values(os.networkInterfaces()).flatMap((list) => list ?? []);
  return new Set(all.map(({ address }) => address));
}

async function closeAll(listeners: readonly Listener[]): Promise<void> {
  await Promise.all(listeners.map((listener) => listener.close()));
}

interface Sockets {
  readonly port: number;
  readonly listeners: readonly Listener[];
}

/** Open UDP, then TCP on the same port, for every address; all or nothing. */
async function openAll(parts: DnsParts, handler: Handler, counters: Counters): Promise<Sockets> {
  const { addresses, log, config } = parts;
  const listeners: Listener[] = [];
  let { port } = parts;
  try {
    for (const address of addresses) {
      const udp = await openUdp({ address, port }, { handler, log, isShared: false });
      listeners.push(udp);
      port = udp.port;
      listeners.push(await openTcp({ address, port }, { handler, log, config, counters }));
    }
    return { port, listeners };
  } catch (error) {
    await closeAll(listeners);
    throw error;
  }
}

async function openSomewhere(parts: DnsParts, handler: Handler, counters: Counters): Promise<Sockets> {
  for (let tries = 1; ; tries += 1) {
    try {
      return await openAll(parts, handler, counters);
    } catch (error) {
      const isTaken = (error as NodeJS.ErrnoException).code === 'EADDRINUSE';
      if (parts.port !== 0 || !isTaken || tries >= MAX_PORT_TRIES) throw error;
    }
  }
}

/** Start answering. Rejects with the system's error (`code`, `address`, `port`) when a socket cannot be opened. */
export async function startDns(parts: DnsParts): Promise<DnsServer> {
  const { view, config, clock, random, log, executeQuery, addresses } = parts;
  const counters = makeCounters(parts.metrics);
  let ownPort = parts.port;
  const isSelf = (recursor: Recursor): boolean => isOwnSocket(recursor, addresses, ownPort, localAddresses);
  const upstream = makeUpstream({ clock, random, counters, isSelf });
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
  });
  const sockets = await openSomewhere(parts, handler, counters);
  ownPort = sockets.port;
  return {
    port: sockets.port,
    onInstalled: (applied) => handler.invalidate(topicsOf(applied, view)),
    close: () => closeAll(sockets.listeners),
  };
}
