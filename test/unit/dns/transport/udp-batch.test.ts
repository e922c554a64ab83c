/** What the loop does about each answer of the system, with a system that answers as it is told. */
import os from 'node:os';
import { describe, expect, it } from 'vitest';
import type { Client, Handled } from '../../../../src/dns/handle.ts';
import { serveBatches } from '../../../../src/dns/transport/udp-batch.ts';
import type { Layout, UdpLibrary } from '../../../../src/dns/transport/udp-library.ts';
import { manualClock } from '../../../support/manual-clock.ts';

const { EAGAIN, EINTR, EMSGSIZE, EPERM, EBADF } = os.constants.errno;
const [READABLE, WRITABLE] = [1, 2];
/** Four small slots; a peer is its port at 2 and its address at 4. */
const LAYOUT: Layout = {
  slots: 4,
  bytes: 1_024,
  lengthsAt: 0,
  repliesAt: 16,
  peersAt: 64,
  peerBytes: 8,
  portAt: 2,
  ipv4At: 4,
  ipv6At: 4,
  scratchAt: 128,
  inAt: 192,
  inBytes: 60,
  inStride: 64,
  outAt: 512,
  outBytes: 64,
  outStride: 64,
};

interface Datagram {
  readonly text: string;
  readonly port?: number;
  readonly isCut?: boolean;
}

/** Datagrams to receive, a batch at a time, and what `send` says; without more to say everything goes. */
function makeSystem() {
  const batches: (readonly Datagram[] | number)[] = [];
  const sendResults: number[] = [];
  const sent: string[] = [];
  const watched: number[] = [];
  let memory = new ArrayBuffer(0);
  let onReady: (events: number) => void = () => {};
  let detached = 0;
  const text = (at: number, length: number): string => Buffer.from(memory, at, length).toString();
  const library: UdpLibrary = {
    layout: LAYOUT,
    probe: () => 0,
    open: () => 3,
    port: () => 53,
    close: () => 0,
    attach(_fd, _isV6, given, told) {
      memory = given;
      onReady = told;
      return {};
    },
    receive() {
      const batch = batches.shift() ?? -EAGAIN;
      if (typeof batch === 'number') return batch;
      for (const [slot, { text: datagram, port = 1_000, isCut }] of batch.entries()) {
        new Int32Array(memory, LAYOUT.lengthsAt)[slot] = isCut ? -1 : datagram.length;
        new Uint8Array(memory).set(
          [0, 0, port >> 8, port & 0xff, 10, 0, 0, slot + 1],
          LAYOUT.peersAt + slot * 8,
        );
        new Uint8Array(memory).set(Buffer.from(datagram), LAYOUT.inAt + slot * LAYOUT.inStride);
      }
      return batch.length;
    },
    send(_batch, first, count) {
      const result = Math.min(sendResults.shift() ?? count, count);
      for (let k = first; k < first + result; k += 1) {
        const [length = 0, to = 0] = new Int32Array(memory, LAYOUT.repliesAt + k * 8, 2);
        sent.push(`${text(LAYOUT.outAt + k * LAYOUT.outStride, length)} to ${to}`);
      }
      return result;
    },
    sendLate(_batch, octets, peer) {
      const result = sendResults.shift() ?? octets.length;
      if (result >= 0) sent.push(`${Buffer.from(octets)} late to ${peer[7]}`);
      return result;
    },
    watch(_batch, events) {
      watched.push(events);
      return 0;
    },
    detach() {
      detached += 1;
      return 0;
    },
  };
  return {
    library,
    batches,
    sendResults,
    sent,
    watched,
    tell: (events: number) => onReady(events),
    detached: () => detached,
  };
}

/** Says its question back in capitals; `later x` when somebody decides to. */
function makeRig() {
  const system = makeSystem();
  const clock = manualClock();
  const dropped: string[] = [];
  const warnings: string[] = [];
  const clients: string[] = [];
  const promised: ((reply: Uint8Array | null) => void)[] = [];
  const stop = serveBatches(
    { fd: 3, isV6: false },
    {
      library: system.library,
      clock,
      counters: { dropped: (_, reason) => void dropped.push(reason) },
      log: { warn: (fields) => void warnings.push((fields as { err: Error }).err.message) },
      handler: {
        handle(packet: Uint8Array, client: Client, out: Uint8Array): Handled {
          const question = Buffer.from(packet).toString();
          clients.push(client.address());
          if (question.startsWith('later')) return new Promise((resolve) => promised.push(resolve));
          return Buffer.from(out.buffer, out.byteOffset).write(question.toUpperCase());
        },
      },
    },
  );
  return { ...system, clock, dropped, warnings, clients, promised, stop };
}

const batch = (...texts: string[]): Datagram[] => texts.map((text) => ({ text }));

describe('a socket that is readable', () => {
  it('has its batch answered at once, and is looked at again only after two or more', () => {
    const rig = makeRig();
    rig.batches.push(batch('a', 'b'), batch('c'), batch('d'));
    rig.tell(READABLE);
    expect(rig.sent).toEqual(['A to 0', 'B to 1', 'C to 0']);
    rig.tell(READABLE);
    expect(rig.sent.at(-1)).toBe('D to 0');
    expect(rig.clients).toEqual(['10.0.0.1', '10.0.0.2', '10.0.0.1', '10.0.0.1']);
  });

  it('lets everything else have its turn after some batches', () => {
    const rig = makeRig();
    for (let i = 0; i < 20; i += 1) rig.batches.push(batch('a', 'b'));
    rig.tell(READABLE);
    expect(rig.sent.length).toBe(16);
  });

  it('has what was cut counted, and what claims to come from port 0 left alone', () => {
    const rig = makeRig();
    rig.batches.push([{ text: 'long', isCut: true }, { text: 'forged', port: 0 }, { text: 'good' }]);
    rig.tell(READABLE);
    expect([rig.sent, rig.dropped]).toEqual([['GOOD to 2'], ['too_large']]);
  });

  it('is left for the next time when a signal came between', () => {
    const rig = makeRig();
    rig.batches.push(-EINTR, batch('a'));
    rig.tell(READABLE);
    rig.tell(READABLE);
    expect([rig.sent, rig.warnings]).toEqual([['A to 0'], []]);
  });

  it('has an error of receiving said once', () => {
    const rig = makeRig();
    rig.batches.push(-EPERM, -EPERM, batch('a'));
    for (let i = 0; i < 3; i += 1) rig.tell(READABLE);
    expect([rig.sent, rig.warnings]).toEqual([['A to 0'], ['receive EPERM']]);
  });
});

describe('a reply', () => {
  it('that the system refuses is counted and left out, and the others go', () => {
    const rig = makeRig();
    rig.batches.push(batch('a', 'b', 'c'));
    rig.sendResults.push(1, -EMSGSIZE);
    rig.tell(READABLE);
    expect([rig.sent, rig.dropped, rig.warnings]).toEqual([
      ['A to 0', 'C to 2'],
      ['unsendable'],
      ['send EMSGSIZE'],
    ]);
  });

  it('is sent again after a signal', () => {
    const rig = makeRig();
    rig.batches.push(batch('a'));
    rig.sendResults.push(-EINTR);
    rig.tell(READABLE);
    expect([rig.sent, rig.dropped]).toEqual([['A to 0'], []]);
  });

  it('for which there is no room stops reading until there is, and nothing is lost or gathered', () => {
    const rig = makeRig();
    rig.batches.push(batch('a', 'b', 'c'), batch('d'));
    rig.sendResults.push(1, -EAGAIN, 1, -EAGAIN);
    rig.tell(READABLE);
    expect([rig.sent, rig.watched]).toEqual([['A to 0'], [READABLE, WRITABLE]]);
    rig.tell(WRITABLE);
    expect([rig.sent.length, rig.watched.length]).toEqual([2, 2]);
    rig.tell(WRITABLE);
    expect(rig.sent).toEqual(['A to 0', 'B to 1', 'C to 2']);
    expect(rig.watched).toEqual([READABLE, WRITABLE, READABLE]);
    rig.tell(READABLE);
    expect([rig.sent.at(-1), rig.dropped]).toEqual(['D to 0', []]);
  });
});

describe('a reply that comes later', () => {
  it('goes to whoever asked, whoever has used the slot since', async () => {
    const rig = makeRig();
    rig.batches.push(batch('x', 'later'), batch('y', 'z'));
    rig.tell(READABLE);
    rig.promised[0]?.(Buffer.from('found'));
    await Promise.resolve();
    await Promise.resolve();
    expect(rig.sent).toEqual(['X to 0', 'Y to 0', 'Z to 1', 'found late to 2']);
  });

  it('waits for room, at most a thousand of them', async () => {
    const rig = makeRig();
    for (let i = 0; i < 1_100; i += 1) {
      rig.batches.push(batch('later'));
      rig.tell(READABLE);
    }
    rig.sendResults.push(-EAGAIN);
    for (const [i, answer] of rig.promised.entries()) answer(Buffer.from(`${i}`));
    await new Promise(setImmediate);
    expect([rig.sent.length, rig.dropped.length]).toEqual([0, 100]);
    rig.tell(WRITABLE);
    expect(rig.sent.length).toBe(1_000);
    expect(rig.watched).toEqual([READABLE, WRITABLE, READABLE]);
  });

  it('is not sent when the socket has been left, or there is none', async () => {
    const rig = makeRig();
    rig.batches.push(batch('later', 'later'));
    rig.tell(READABLE);
    rig.promised[0]?.(null);
    rig.stop();
    rig.promised[1]?.(Buffer.from('too late'));
    await new Promise(setImmediate);
    expect([rig.sent, rig.detached()]).toEqual([[], 1]);
  });
});

it('an error of the socket is said, and the socket used again a moment later', () => {
  const rig = makeRig();
  rig.tell(-EBADF);
  expect(rig.warnings).toEqual(['watch EBADF']);
  rig.batches.push(batch('a'));
  expect(rig.watched).toEqual([READABLE]);
  rig.clock.advance(100);
  expect([rig.sent, rig.watched]).toEqual([['A to 0'], [READABLE, READABLE]]);
});

it('nothing is done for a socket that has been left', () => {
  const rig = makeRig();
  rig.tell(-EBADF);
  rig.stop();
  rig.batches.push(batch('a'));
  rig.tell(READABLE);
  rig.clock.advance(1_000);
  expect([rig.sent, rig.watched]).toEqual([[], [READABLE]]);
});
