import { buffer } from 'node:stream/consumers';
import { gunzipSync, gzipSync } from 'node:zlib';
import { describe, expect, test } from 'vitest';
import type { View } from '../../../../src/catalog/tables.ts';
import { packSnapshot } from '../../../../src/http/snapshot/snapshot-archive.ts';
import { packTar } from '../../../../src/http/snapshot/tar.ts';
import { unpackSnapshot as unpackPieces } from '../../../../src/http/snapshot/unpack-snapshot.ts';
import { systemClock } from '../../../../src/lib/clock.ts';
import { Turns } from '../../../../src/lib/fair-turns.ts';
import { startKv } from '../../../support/kv.ts';
import {
  filesOf,
  recordsOf,
  type StateRecord,
  sha256,
  snapshotOf,
  stateOf,
} from '../../../support/snapshot-files.ts';

const turns = new Turns(systemClock);
const MIB = 1024 * 1024;

/** Unpack a file that comes in pieces of so many octets. */
const unpackSnapshot = (file: Buffer, pieceBytes = 1_000, roomBytes = 1e9) => {
  const count = Math.ceil(file.length / pieceBytes);
  const pieces = Array.from({ length: count }, (_, i) => file.subarray(i * pieceBytes, (i + 1) * pieceBytes));
  return unpackPieces(pieces, {
    packedBytes: file.length,
    turns,
    maxLineBytes: MIB,
    take: (row) => row,
    roomBytes,
  });
};
const pack = async (view: View, index: number): Promise<Buffer> =>
  buffer(await packSnapshot(index, { view, datacenter: 'dc1', nowMs: 1_700_000_000_000, turns }));

async function startFile() {
  const { kv, state } = await startKv();
  await kv('a', { text: 'needle', flags: '18446744073709551615' });
  await kv('ü/\u0000"', { text: 'y' });
  return { file: await pack(state.view, state.index), view: state.view };
}

/** The file with the header and the records of its state changed, its checksums right. */
function forge(file: Buffer, change: (records: StateRecord[], header: object) => StateRecord[]): Buffer {
  const { header, records } = recordsOf(filesOf(file).get('state.bin') as Buffer);
  const changed = change([...records], header as object);
  return snapshotOf(stateOf(header, changed));
}

describe('a snapshot file', () => {
  test('has the form that Consul takes apart', async () => {
    const { file, view } = await startFile();
    const files = filesOf(file);
    expect([...files.keys()]).toEqual(['meta.json', 'state.bin', 'SHA256SUMS']);
    const [meta = Buffer.of(), state = Buffer.of(), sums] = files.values();
    expect(sums?.toString()).toBe(`${sha256(meta)}  meta.json\n${sha256(state)}  state.bin\n`);
    expect(JSON.parse(meta.toString())).toEqual({
      Version: 1,
      ID: expect.stringMatching(/^1-\d+-1700000000000$/),
      Index: expect.any(Number),
      Term: 1,
      Peers: null,
      Configuration: { Servers: null },
      ConfigurationIndex: 0,
      Size: state.length,
    });
    expect(view.kv.size).toBe(2);
  });

  test('gives back the rows that went into it', async () => {
    const { file, view } = await startFile();
    const { rows } = await unpackSnapshot(file);
    const kept = rows.filter(({ table }) => table === 'kv').map(({ row }) => row);
    const unstamped = [...view.kv.values()].map((row) => ({ ...row, createIndex: 0, modifyIndex: 0 }));
    expect(JSON.stringify(kept)).toBe(JSON.stringify(unstamped));
  });

  test('is refused when it is cut, or when one octet of it is changed and that changes what it says', async () => {
    const { file } = await startFile();
    const rows = await unpackSnapshot(file);
    let refused = 0;
    for (let at = 12; at < file.length - 8; at += 3) {
      const damaged = Buffer.from(file);
      damaged[at] = (damaged[at] ?? 0) ^ 0x10;
      const result = await unpackSnapshot(damaged).catch((error: Error) => error.message);
      if (typeof result === 'string') expect(result).toMatch(/^failed to (decompress|read) snapshot: /);
      else expect(result).toEqual(rows);
      refused += typeof result === 'string' ? 1 : 0;
      await expect(unpackSnapshot(file.subarray(0, at))).rejects.toThrow('failed to decompress snapshot: ');
    }
    expect(refused).toBeGreaterThan(file.length / 4);
  });

  test('is refused when a line of it is changed, whatever gzip says', async () => {
    const { file } = await startFile();
    const archive = gunzipSync(file);
    archive.write('N', archive.indexOf('needle'));
    await expect(unpackSnapshot(gzipSync(archive))).rejects.toThrow('its checksum does not match');
  });

  test.each([
    [
      'another header',
      (records: StateRecord[], header: object) => {
        for (const name of Object.keys(header)) Reflect.deleteProperty(header, name);
        return records;
      },
      'no snapshot of this program or of Consul',
    ],
    [
      'a newer version',
      (records: StateRecord[], header: object) => {
        Object.assign(header, { Rollcall: { Version: 3, Rows: 2 } });
        return records;
      },
      'its version is 3',
    ],
    ['a missing row', (records: StateRecord[]) => records.slice(0, -1), 'rows instead of'],
    [
      'a row of an unknown table',
      ([, ...records]: StateRecord[]): StateRecord[] => [
        [29, { Rollcall: '{"table":"facts","row":{}}' }],
        ...records,
      ],
      'rows that this version does not know',
    ],
    [
      'a record that is none',
      (records: StateRecord[]): StateRecord[] => [...records, ['x' as never, {}]],
      'no snapshot of this program or of Consul',
    ],
    [
      'a key that is none',
      (records: StateRecord[]): StateRecord[] => [...records, [3, { ID: 's', Behavior: 'explode' }]],
      'one of its sessions: Invalid Behavior setting',
    ],
  ])('is refused with %s', async (_what, change, text) => {
    const { file } = await startFile();
    await expect(unpackSnapshot(forge(file, change))).rejects.toThrow(text);
  });

  test('is refused when it is empty or something else', async () => {
    for (const bytes of [Buffer.alloc(0), Buffer.from('garbage'), gzipSync(''), gzipSync('{}\n')])
      await expect(unpackSnapshot(bytes)).rejects.toThrow(/^failed to (decompress|read) snapshot: /);
  });

  test('is what the catalog was when it was asked for, whatever is written while it is made', async () => {
    const { kv, state } = await startKv();
    for (let i = 0; i < 100; i += 1) await kv(`k${i}`, { text: 'before' });
    const packing = pack(state.view, state.index);
    await kv('k50', { text: 'after' });
    await kv('new', { text: 'after' });
    const { rows } = await unpackSnapshot(await packing);
    const keys = rows
      .filter(({ table }) => table === 'kv')
      .map(({ row }) => row as { key: string; value: unknown });
    expect(keys).toHaveLength(100);
    expect(new Set(keys.map(({ value }) => String(value)))).toEqual(new Set([btoa('before')]));
  });

  test('that unpacks to far more than any snapshot is refused before all of it is unpacked', async () => {
    const bomb = gzipSync(Buffer.alloc(64 * 1024 * 1024, 'a'));
    await expect(unpackSnapshot(bomb)).rejects.toThrow(
      'failed to decompress snapshot: it unpacks to more than 16777216 octets',
    );
  });

  test('gives the same rows whatever the pieces that it comes in', async () => {
    const { file } = await startFile();
    const rows = await unpackSnapshot(file);
    for (const pieceBytes of [1, 7, 100_000]) expect(await unpackSnapshot(file, pieceBytes)).toEqual(rows);
  });

  test('with a row longer than any is refused before all of the row is kept', async () => {
    const { file } = await startFile();
    const long = forge(file, (records) => [[2, { Key: 'a', Value: 'a'.repeat(3 * MIB) }], ...records]);
    await expect(unpackSnapshot(long)).rejects.toThrow('a value takes more than 1048576 octets');
  });

  test('of more rows than there is memory for is refused', async () => {
    const records = Array.from({ length: 3_000 }, (_, i): StateRecord => [2, { Key: `k${i}`, Flags: 0 }]);
    const many = snapshotOf(stateOf({ LastIndex: 5 }, records));
    expect((await unpackSnapshot(many)).rows).toHaveLength(3_000);
    await expect(unpackSnapshot(many, 100_000, 4 * 300 * 2_000)).rejects.toThrow('memory is nearly used up');
  });

  test('is taken whatever the order of its checksums, which Consul changes from file to file', async () => {
    const { file } = await startFile();
    const files = [...filesOf(file)].map(([name, content]) => {
      if (name !== 'SHA256SUMS') return [name, content] as const;
      return [
        name,
        Buffer.from(`${content.toString().trimEnd().split('\n').reverse().join('\n')}\n`),
      ] as const;
    });
    expect(await unpackSnapshot(gzipSync(packTar(files, 0)))).toEqual(await unpackSnapshot(file));
  });

  test('that holds its state twice is refused', async () => {
    const { file } = await startFile();
    const files = filesOf(file);
    const state = ['state.bin', files.get('state.bin') as Buffer] as const;
    const twice = gzipSync(packTar([state, ...files.entries()], 0));
    await expect(unpackSnapshot(twice)).rejects.toThrow('it is damaged or no snapshot');
  });
});
