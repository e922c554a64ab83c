import { createHash } from 'node:crypto';
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
import { unpackTar } from '../../../support/tar-files.ts';

const turns = new Turns(systemClock);
const MIB = 1024 * 1024;

/** Unpack a file that comes in pieces of so many octets. */
const unpackSnapshot = (file: Buffer, pieceBytes = 1_000) => {
  const count = Math.ceil(file.length / pieceBytes);
  const pieces = Array.from({ length: count }, (_, i) => file.subarray(i * pieceBytes, (i + 1) * pieceBytes));
  return unpackPieces(pieces, { packedBytes: file.length, turns, maxLineBytes: MIB, take: (row) => row });
};
const pack = async (view: View, index: number): Promise<Buffer> =>
  buffer(await packSnapshot(view, index, { nowMs: 1_700_000_000_000, turns }));

async function startFile() {
  const { kv, state } = await startKv();
  await kv('a', { text: 'x', flags: '18446744073709551615' });
  await kv('ü/\u0000"', { text: 'y' });
  return { file: await pack(state.view, state.index), view: state.view };
}

const sum = (content: Buffer): string => createHash('sha256').update(content).digest('hex');

/** The file with the lines of its state changed and its checksums made right again. */
function forge(file: Buffer, change: (lines: string[]) => string[]): Buffer {
  const files = unpackTar(gunzipSync(file)) ?? new Map<string, Buffer>();
  const meta = files.get('meta.json') as Buffer;
  const lines = (files.get('state.bin') as Buffer).toString('utf8').split('\n').slice(0, -1);
  const state = Buffer.from(change(lines).join('\n').concat('\n'));
  const sums = Buffer.from(`${sum(meta)}  meta.json\n${sum(state)}  state.bin\n`);
  const archive = packTar(
    [
      ['meta.json', meta],
      ['state.bin', state],
      ['SHA256SUMS', sums],
    ],
    0,
  );
  return gzipSync(archive);
}

describe('a snapshot file', () => {
  test('has the form that Consul takes apart, and a version that it does not restore', async () => {
    const { file, view } = await startFile();
    const files = unpackTar(gunzipSync(file)) ?? new Map<string, Buffer>();
    expect([...files.keys()]).toEqual(['meta.json', 'state.bin', 'SHA256SUMS']);
    const [meta = Buffer.of(), state = Buffer.of(), sums] = files.values();
    expect(sums?.toString()).toBe(`${sum(meta)}  meta.json\n${sum(state)}  state.bin\n`);
    expect(JSON.parse(meta.toString())).toEqual({
      Version: 1_000,
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

  test('of a former version, which Consul could not refuse, is still taken', async () => {
    const { file } = await startFile();
    const files = unpackTar(gunzipSync(file)) ?? new Map<string, Buffer>();
    const meta = Buffer.from(String(files.get('meta.json')).replace('"Version":1000', '"Version":1'));
    expect(meta.toString()).toContain('"Version":1,');
    const state = files.get('state.bin') as Buffer;
    const sums = Buffer.from(`${sum(meta)}  meta.json\n${sum(state)}  state.bin\n`);
    const parts = [
      ['meta.json', meta],
      ['state.bin', state],
      ['SHA256SUMS', sums],
    ] as const;
    expect(await unpackSnapshot(gzipSync(packTar(parts, 0)))).toEqual(await unpackSnapshot(file));
  });

  test('gives back the rows that went into it', async () => {
    const { file, view } = await startFile();
    const rows = (await unpackSnapshot(file)).filter(({ table }) => table === 'kv').map(({ row }) => row);
    expect(rows).toEqual(JSON.parse(JSON.stringify([...view.kv.values()])));
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
    archive.write('eQ', archive.indexOf('eA=='));
    await expect(unpackSnapshot(gzipSync(archive))).rejects.toThrow('its checksum does not match');
  });

  test.each([
    [
      'another format',
      (lines: string[]) => ['{"format":"x"}', ...lines.slice(1)],
      'no snapshot of this program',
    ],
    [
      'a newer version',
      ([first = '', ...lines]: string[]) => [first.replace('"version":1', '"version":2'), ...lines],
      'its version is 2',
    ],
    ['a missing row', (lines: string[]) => lines.slice(0, -1), 'rows instead of'],
    [
      'a row of an unknown table',
      ([first = '', , ...lines]: string[]) => [first, '{"table":"facts","row":{}}', ...lines],
      'rows that this version does not know',
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
    const rows = await unpackSnapshot(await packing);
    const keys = rows
      .filter(({ table }) => table === 'kv')
      .map(({ row }) => row as { key: string; value: unknown });
    expect(keys).toHaveLength(100);
    expect(new Set(keys.map(({ value }) => value))).toEqual(new Set([btoa('before')]));
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
    const long = forge(file, ([first = '', ...lines]) => [first, `"${'a'.repeat(3 * MIB)}"`, ...lines]);
    await expect(unpackSnapshot(long)).rejects.toThrow('a row of it takes more than 1048576 octets');
  });

  test('that holds its state twice is refused', async () => {
    const { file } = await startFile();
    const files = unpackTar(gunzipSync(file)) ?? new Map<string, Buffer>();
    const state = ['state.bin', files.get('state.bin') as Buffer] as const;
    const twice = gzipSync(packTar([state, ...files.entries()], 0));
    await expect(unpackSnapshot(twice)).rejects.toThrow('it is damaged or no snapshot');
  });
});
