/**
 * Packets that the kernel threw away before anybody here saw them: counted and said, because a server that loses questions
 * has to say so.
 *
 * Linux counts them for each socket in /proc/net/udp and udp6, whichever transport reads it. The table is read every few
 * seconds; where there is none, nothing is counted. Sockets are found by address and port, so threads are all included.
 */
import os from 'node:os';
import type { Clock } from '../../lib/clock.ts';
import { parseIp } from '../../lib/ip.ts';
import type { Logger } from '../../lib/logger.ts';
import type { Counters } from '../counters.ts';

export interface DropsParts {
  readonly addresses: readonly string[];
  readonly port: number;
  readonly readFile: (file: string) => Promise<string>;
  readonly clock: Pick<Clock, 'after' | 'monotonic'>;
  readonly log: Pick<Logger, 'warn'>;
  readonly counters: Pick<Counters, 'dropped'>;
}

const LOOK_EVERY_MS = 10_000;
/** A flood that lasts is one line a minute. */
const SAY_EVERY_MS = 60_000;

const TABLES = { v4: '/proc/net/udp', v6: '/proc/net/udp6' } as const;
/** Columns of these tables (Documentation/networking/proc_net_tcp.rst of Linux, and net/ipv4/udp.c for the last). */
const COLUMN = { local: 1, inode: 9, drops: 12 } as const;

/** An address and port as the tables have them: words of four octets as the processor stores them, in hexadecimal. */
function localAddress(octets: Uint8Array, port: number): string {
  const word = os.endianness() === 'LE' ? [3, 2, 1, 0] : [0, 1, 2, 3];
  const hex = (value: number, digits: number): string =>
    value.toString(16).toUpperCase().padStart(digits, '0');
  let text = '';
  for (let at = 0; at < octets.length; at += 4) {
    for (const i of word) text += hex(octets[at + i] ?? 0, 2);
  }
  return `${text}:${hex(port, 4)}`;
}

/** What was dropped so far by the sockets at these local addresses, by inode. */
function dropsIn(table: string, locals: ReadonlySet<string>): ReadonlyMap<string, number> {
  const drops = new Map<string, number>();
  for (const line of table.split('\n')) {
    const columns = line.trim().split(/\s+/);
    if (!locals.has(columns[COLUMN.local] ?? '')) continue;
    drops.set(columns[COLUMN.inode] ?? '', Number(columns[COLUMN.drops] ?? 0));
  }
  return drops;
}

/** Count and say what the kernel drops from now on, until the returned function is called. */
export function watchDrops(parts: DropsParts): () => void {
  const { clock, counters, log } = parts;
  const octets = parts.addresses.flatMap((address) => parseIp(address.split('%')[0] ?? '') ?? []);
  const locals = new Set(octets.map((each) => localAddress(each, parts.port)));
  const files = [
    ...(octets.some(({ length }) => length === 4) ? [TABLES.v4] : []),
    ...(octets.some(({ length }) => length === 16) ? [TABLES.v6] : []),
  ];
  let seen: ReadonlyMap<string, number> = new Map();
  let unsaid = 0;
  let saidAtMs = clock.monotonic() - SAY_EVERY_MS;
  let isStopped = false;
  let timer = clock.after(LOOK_EVERY_MS, look);

  function count(now: ReadonlyMap<string, number>): void {
    for (const [inode, drops] of now) {
      const more = drops - (seen.get(inode) ?? 0);
      if (more <= 0) continue;
      counters.dropped('udp', 'receive_buffer_full', more);
      unsaid += more;
    }
    seen = now;
    if (unsaid === 0 || clock.monotonic() - saidAtMs < SAY_EVERY_MS) return;
    log.warn(
      { packets: unsaid },
      'DNS packets were lost: they came faster than they were answered (more threads or a larger net.core.rmem_max)',
    );
    saidAtMs = clock.monotonic();
    unsaid = 0;
  }

  function look(): void {
    Promise.all(files.map(parts.readFile)).then(
      (tables) => {
        if (isStopped) return;
        count(new Map(tables.flatMap((table) => [...dropsIn(table, locals)])));
        timer = clock.after(LOOK_EVERY_MS, look);
      },
      () => {}, // no such table on this system: nothing to count
    );
  }

  return () => {
    isStopped = true;
    timer.cancel();
  };
}
