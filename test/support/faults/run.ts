/**
 * A fault run: clients work without pause while faults come one after the other, each undone after a while and waited for
 * until every server is well again; then everybody stops, and what is stored is held against what was told.
 */
import { setTimeout as delay } from 'node:timers/promises';
import type { Random } from '../../../src/lib/random.ts';
import { type ClientParts, COUNTER, runClients, storedAt } from './clients.ts';
import { askDns, type DnsRecord } from './dns-askers.ts';
import type { FaultCluster } from './fault-cluster.ts';
import type { Fault, Target } from './faults.ts';
import { Ledger } from './ledger.ts';

export interface FaultNote {
  readonly name: string;
  /** Longest time in ms without an acknowledged write, from the fault until everybody was well again. */
  readonly writeGapMs: number;
  /** From the end of the fault until every server took a write. */
  readonly wellAfterMs: number;
  /** From the end of the fault until `settled` had nothing to say; undefined where nobody was asked. */
  readonly rightAfterMs?: number;
}

export interface FaultOutcome {
  readonly violations: readonly string[];
  readonly faults: readonly FaultNote[];
  readonly acknowledged: number;
  readonly reads: number;
  readonly dns: ReadonlyMap<string, DnsRecord>;
}

export interface FaultRun {
  readonly cluster: FaultCluster;
  readonly faults: readonly Fault[];
  readonly count: number;
  readonly random: Random;
  /** No fault lasts longer, in ms. */
  readonly longestMs?: number;
  /** Do no more than what is under way, and settle. */
  readonly signal?: AbortSignal;
  /** Asked after each fault, when all are well: what is wrong still, however long that took. */
  readonly settled?: () => Promise<string | undefined>;
  /** Leave the clients with their keys and locks out. */
  readonly isWithoutKeys?: boolean;
  /** Told of each fault when it is over. */
  readonly onFault?: (note: FaultNote) => void;
}

const WELL_MS = 30_000;
const CALM_MS = 500;
const RPC_PORT = 8_300;

/** The longest pause between two moments that are noted. */
class Gap {
  #lastMs = performance.now();
  #longestMs = 0;

  note(): void {
    const nowMs = performance.now();
    this.#longestMs = Math.max(this.#longestMs, nowMs - this.#lastMs);
    this.#lastMs = nowMs;
  }

  /** The longest one since the last call. */
  take(): number {
    const longestMs = this.#longestMs;
    this.#longestMs = 0;
    return longestMs;
  }
}

async function targetOf(cluster: FaultCluster, random: Random): Promise<Target | undefined> {
  const leader = await cluster.leader();
  if (leader === undefined) return undefined;
  const others = cluster.servers.filter((server) => server !== leader);
  const client = cluster.clients[random.below(Math.max(cluster.clients.length, 1))];
  const places = client?.connectedTo(RPC_PORT) ?? [];
  const attended = cluster.servers.find(({ place }) => places.includes(place.address));
  return { cluster, leader, follower: others[random.below(others.length)] ?? leader, client, attended };
}

async function harm(
  { cluster, random, settled, longestMs = Infinity }: FaultRun,
  fault: Fault,
  gap: Gap,
): Promise<FaultNote | undefined> {
  const target = await targetOf(cluster, random);
  if (target === undefined)
    return { name: `${fault.name}: nobody led before it`, writeGapMs: 0, wellAfterMs: 0 };
  gap.take();
  const undo = await fault.act(target);
  if (undo === undefined) return undefined;
  await delay(200 + random.below(Math.min(fault.mostMs, longestMs)));
  await undo();
  const undoneMs = performance.now();
  const unwell = await cluster.whoIsUnwell(WELL_MS);
  const wellAfterMs = performance.now() - undoneMs;
  gap.note();
  const writeGapMs = gap.take();
  const wrong = await settled?.();
  const rightAfterMs = performance.now() - undoneMs;
  const name = [fault.name, unwell, wrong].filter((text) => text !== undefined).join(': ');
  return { name, writeGapMs, wellAfterMs, ...(settled && { rightAfterMs }) };
}

async function settle(ledger: Ledger, cluster: FaultCluster): Promise<void> {
  for (const { name, httpUrl } of cluster.servers) {
    const rows = await storedAt(httpUrl);
    if (rows === undefined) {
      ledger.violations.push(`${name} cannot be read in the end`);
      continue;
    }
    ledger.settle({ registers: rows, kept: rows, counter: rows.get(COUNTER) ?? 0, where: name });
  }
}

/** Live through so many faults, all kinds in turn in an order drawn by lot. */
export async function runFaults(run: FaultRun): Promise<FaultOutcome> {
  const { cluster, faults, count, random } = run;
  const ledger = new Ledger();
  const gap = new Gap();
  const notes: FaultNote[] = [];
  let isOver = false;
  const dns = await askDns(cluster.servers);
  const isOn = !run.isWithoutKeys;
  const parts: ClientParts = {
    ledger,
    upUrls: () => cluster.servers.filter(({ isUp }) => isUp).map(({ httpUrl }) => httpUrl),
    isOver: () => isOver,
    onAcknowledged: () => gap.note(),
    random: () => random.next(),
  };
  const clients = isOn ? runClients(parts) : Promise.resolve();
  let bag: Fault[] = [];
  await delay(CALM_MS);
  while (notes.length < count && !run.signal?.aborted) {
    if (bag.length === 0) bag = [...faults];
    const [fault] = bag.splice(random.below(bag.length), 1) as [Fault];
    const note = await harm(run, fault, gap);
    if (note === undefined) continue;
    notes.push(note);
    run.onFault?.(note);
    if (note.name !== fault.name) ledger.violations.push(note.name);
    await delay(random.below(CALM_MS));
  }
  isOver = true;
  await clients;
  dns.stop();
  if (isOn) await settle(ledger, cluster);
  for (const { wrong } of dns.records.values()) ledger.violations.push(...wrong);
  return {
    violations: ledger.violations,
    faults: notes,
    acknowledged: ledger.acknowledged,
    reads: ledger.read,
    dns: dns.records,
  };
}
