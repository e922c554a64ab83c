import { createHash } from 'node:crypto';
import { gunzipSync, gzipSync } from 'node:zlib';
import { describe, expect, test } from 'vitest';
import { packSnapshot, unpackSnapshot } from '../../../src/http/snapshot-file.ts';
import { startKv } from '../../support/kv.ts';

async function startFile() {
  const { kv, state } = await startKv();
  await kv('a', { text: 'x', flags: '18446744073709551615' });
  await kv('ü/\u0000"', { text: 'y' });
  return { file: await packSnapshot(state.view, state.index), view: state.view };
}

/** The file with its lines changed and its checksum made right again. */
function forge(file: Buffer, change: (lines: string[]) => string[]): Buffer {
  const lines = gunzipSync(file).toString('utf8').split('\n').slice(0, -2);
  const text = change(lines)
    .map((line) => `${line}\n`)
    .join('');
  const sha256 = createHash('sha256').update(text).digest('hex');
  return gzipSync(`${text}${JSON.stringify({ sha256 })}\n`);
}

describe('a snapshot file', () => {
  test('gives back the rows that went into it', async () => {
    const { file, view } = await startFile();
    const rows = (await unpackSnapshot(file)).filter(({ table }) => table === 'kv').map(({ row }) => row);
    expect(rows).toEqual([...view.kv.values()]);
  });

  test('is refused when one octet of it is changed, or when it is cut', async () => {
    const { file } = await startFile();
    for (let at = 12; at < file.length; at += 1) {
      const damaged = Buffer.from(file);
      damaged[at] = (damaged[at] ?? 0) ^ 0x10;
      await expect(unpackSnapshot(damaged)).rejects.toThrow(/^failed to (decompress|read) snapshot: /);
      await expect(unpackSnapshot(file.subarray(0, at))).rejects.toThrow(
        /^failed to (decompress|read) snapshot: /,
      );
    }
  });

  test('is refused when a line of it is changed, whatever gzip says', async () => {
    const { file } = await startFile();
    const text = gunzipSync(file).toString('utf8').replace('"eA=="', '"eQ=="');
    await expect(unpackSnapshot(gzipSync(text))).rejects.toThrow('its checksum does not match');
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
});
