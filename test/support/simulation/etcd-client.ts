/**
 * How a simulated process reaches the simulated etcd: through a member on its own machine, over a network that delays,
 * loses and is cut.
 *
 * What a process sends may arrive late, also after it has given up waiting: then it is still carried out. Nobody gets an
 * answer while etcd elects a leader of its own (`stall`). A watch hears nothing while its link is cut and notices after a while.
 */
import type { EtcdClient } from '../../../src/store/etcd/etcd-client.ts';
import { type Answer, refused, unknown } from '../../../src/store/etcd/etcd-fault.ts';
import type { WatchListener, WatchRange } from '../../../src/store/etcd/etcd-watch.ts';
import type { SimulatedEtcd } from './etcd.ts';
import type { Network } from './network.ts';
import type { Process } from './process.ts';

const TIMEOUT_MS = 2_000;
const CONNECT_TIMEOUT_MS = 1_000;
/** How often a watch looks whether its link is back. */
const LOOK_MS = 100;

const timeout = unknown('timeout', 'etcd did not answer in time (simulated)');
const unreachable = refused('unreachable', 'etcd cannot be reached (simulated)');
const broken = unknown('connection-lost', 'the watch broke (simulated)');

/** What all clients share. */
export interface EtcdWorld {
  readonly etcd: SimulatedEtcd;
  readonly network: Network;
  /** Nobody is answered before. */
  stalledUntilMs: number;
}

/** Answer nobody for a while. */
export function stall(world: EtcdWorld, ms: number): void {
  world.stalledUntilMs = world.network.clock.monotonic() + ms;
}

function ask<Reply>(
  { network, ...world }: EtcdWorld,
  process: Process,
  execute: () => Answer<Reply>,
  timeoutMs = TIMEOUT_MS,
): Promise<Answer<Reply>> {
  const { clock, random } = network;
  const member = `store of ${process.name}`;
  return new Promise((resolve) => {
    if (network.isCut(process.name, member) && random.next() < 0.5) {
      process.clock.after(CONNECT_TIMEOUT_MS, () => resolve(unreachable));
      return;
    }
    process.clock.after(timeoutMs, () => resolve(timeout));
    if (network.isLost(process.name, member)) return;
    const stalledMs = Math.max(world.stalledUntilMs - clock.monotonic(), 0);
    clock.after(stalledMs + network.delayMs(), () => {
      const reply = execute();
      if (network.isLost(process.name, member)) return;
      clock.after(network.delayMs(), () => process.deliver(() => resolve(reply)));
    });
  });
}

/** Tell of changes in order, each after a while; ends as broken when the link was cut for long, or by chance. */
function follow(
  { etcd, network }: EtcdWorld,
  process: Process,
  range: WatchRange,
  listener: WatchListener,
): { cancel(): void } {
  const { clock } = network;
  const member = `store of ${process.name}`;
  let [told, lastMs, cutMs, isOver] = [range.startRevision - 1, 0, 0, false];
  const later = (tell: () => void): void => {
    lastMs = Math.max(lastMs, clock.monotonic() + network.delayMs());
    clock.after(lastMs - clock.monotonic(), () => process.deliver(() => void (isOver || tell())));
  };
  const cancel = (): void => {
    isOver = true;
    etcd.changed.delete(look);
  };
  const end = (how: Parameters<WatchListener['onEnd']>[0]): void => {
    etcd.changed.delete(look);
    later(() => {
      cancel();
      listener.onEnd(how);
    });
  };
  function look(): void {
    if (isOver || network.isCut(process.name, member)) return;
    const changes = etcd.changesAfter(told, range.key, range.rangeEnd);
    if (changes === 'compacted') {
      end({ kind: 'compacted', compactRevision: etcd.compacted });
      return;
    }
    told = etcd.revision;
    for (const { revision, events } of changes) later(() => listener.onRevision(revision, events));
  }
  const again = (): void => {
    if (isOver) return;
    cutMs = network.isCut(process.name, member) ? cutMs + LOOK_MS : 0;
    if (cutMs >= 2 * range.idleMs) {
      end({ kind: 'broken', fault: broken });
      return;
    }
    look();
    clock.after(LOOK_MS, again);
  };
  etcd.changed.add(look);
  process.onDeath(cancel);
  again();
  return { cancel };
}

const notSimulated = (): never => {
  throw new Error('the simulated etcd does not do that');
};

/** The client of one process. */
export function simulatedClient(world: EtcdWorld, process: Process): EtcdClient {
  const { etcd } = world;
  const noLease = refused('not-found', 'no such lease (simulated)');
  const outOfRange = refused('out-of-range', 'compacted (simulated)');
  return {
    range: (request) =>
      ask(world, process, () => {
        const reply = etcd.range(request);
        return reply === 'compacted' ? outOfRange : { kind: 'done', reply };
      }),
    txn: (request) =>
      ask(world, process, () => {
        const reply = etcd.txn(request);
        return reply === 'no such lease' ? noLease : { kind: 'done', reply };
      }),
    grantLease: (ttlSeconds) =>
      ask(world, process, () => ({ kind: 'done', reply: { id: etcd.grantLease(ttlSeconds), ttlSeconds } })),
    renewLease: (id, timeoutMs) =>
      ask(
        world,
        process,
        () => ({ kind: 'done', reply: { id, ttlSeconds: etcd.renewLease(id) } }),
        timeoutMs,
      ),
    revokeLease: (id) => ask(world, process, () => ({ kind: 'done', reply: etcd.revokeLease(id) })),
    watch: (range, listener) => follow(world, process, range, listener),
    close: () => {},
    compact: notSimulated,
    members: notSimulated,
    addMember: notSimulated,
    promoteMember: notSimulated,
    removeMember: notSimulated,
    updateMember: notSimulated,
    moveLeader: notSimulated,
    statusOf: notSimulated,
    alarms: notSimulated,
    disarm: notSimulated,
    defragment: notSimulated,
    snapshot: notSimulated,
  };
}
