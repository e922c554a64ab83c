import { expect, it } from 'vitest';
import { watchDrops } from '../../../../src/dns/transport/kernel-drops.ts';
import { manualClock } from '../../../support/manual-clock.ts';

const HEAD =
  '   sl  local_address rem_address   st tx_queue rx_queue tr tm->when retrnsmt   uid  timeout inode ref pointer drops';
const row = (local: string, inode: number, drops: number): string =>
  ` 1234: ${local} 00000000:0000 07 00000000:00000000 00:00000000 00000000     0        0 ${inode} 2 0000000000000000 ${drops}`;

function makeRig(addresses: readonly string[], files: Record<string, readonly string[] | undefined>) {
  const clock = manualClock();
  const lines: object[] = [];
  const read: string[] = [];
  let dropped = 0;
  const stop = watchDrops({
    addresses,
    port: 8_600,
    clock,
    readFile: async (file) => {
      read.push(file);
      const rows = files[file];
      if (rows === undefined) throw new Error('no such file');
      return [HEAD, ...rows].join('\n');
    },
    log: { warn: (fields) => void lines.push(fields) },
    counters: {
      dropped: (transport, reason, count = 1) => {
        expect([transport, reason]).toEqual(['udp', 'receive_buffer_full']);
        dropped += count;
      },
    },
  });
  return { clock, files, lines, read, stop, dropped: () => dropped };
}

it('what sockets of the port lose is counted, whichever thread has them, and nothing of others', async () => {
  const rig = makeRig(['127.0.0.1'], {
    '/proc/net/udp': [
      row('0100007F:2198', 11, 5),
      row('0100007F:2198', 12, 7),
      row('0100007F:2199', 13, 100),
      row('0200007F:2198', 14, 100),
    ],
  });
  await rig.clock.advanceAndSettle(10_000);
  expect([rig.dropped(), rig.lines, rig.read]).toEqual([12, [{ packets: 12 }], ['/proc/net/udp']]);
  rig.files['/proc/net/udp'] = [row('0100007F:2198', 11, 5), row('0100007F:2198', 15, 2)];
  await rig.clock.advanceAndSettle(10_000);
  expect(rig.dropped()).toBe(14);
});

it('IPv6 is looked up in its own table', async () => {
  const local = '00000000000000000000000001000000:2198';
  const rig = makeRig(['::1', '0.0.0.0'], {
    '/proc/net/udp': [row('00000000:2198', 1, 1)],
    '/proc/net/udp6': [row(local, 2, 2)],
  });
  await rig.clock.advanceAndSettle(10_000);
  expect(rig.dropped()).toBe(3);
});

it('a flood that lasts is one line a minute, with all that was lost', async () => {
  const rig = makeRig(['127.0.0.1'], {});
  for (let drops = 1; drops <= 13; drops += 1) {
    rig.files['/proc/net/udp'] = [row('0100007F:2198', 11, drops)];
    await rig.clock.advanceAndSettle(10_000);
  }
  expect(rig.lines).toEqual([{ packets: 1 }, { packets: 6 }, { packets: 6 }]);
});

it('a system without these tables is asked once', async () => {
  const rig = makeRig(['127.0.0.1'], {});
  await rig.clock.advanceAndSettle(60_000);
  expect([rig.read.length, rig.dropped(), rig.clock.pendingCount()]).toEqual([1, 0, 0]);
});

it('nothing is read any more after the stop', async () => {
  const rig = makeRig(['127.0.0.1'], { '/proc/net/udp': [] });
  rig.stop();
  await rig.clock.advanceAndSettle(60_000);
  expect(rig.read).toEqual([]);
});
