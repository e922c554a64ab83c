import { execFileSync } from 'node:child_process';
import { describe, expect, test } from 'vitest';
import { packTar } from '../../../../src/http/snapshot/tar.ts';
import { unpackTar } from '../../../support/tar-files.ts';

const FILES: [string, Buffer][] = [
  ['meta.json', Buffer.from('{}')],
  ['empty', Buffer.alloc(0)],
  ['block', Buffer.alloc(512, 7)],
  ['more', Buffer.alloc(1_300, 8)],
];

describe('an archive', () => {
  test.each([1, 511, 512, 513, 10_000])(
    'gives back its files when it comes in pieces of %i',
    (pieceBytes) => {
      const archive = packTar(FILES, 0);
      expect(unpackTar(archive, pieceBytes)).toEqual(new Map(FILES));
      for (let length = 0; length < archive.length - 1_024; length += 97)
        expect(unpackTar(archive.subarray(0, length), pieceBytes)).toBeUndefined();
      const damaged = Buffer.from(archive);
      damaged[130] = 0x37;
      expect(unpackTar(damaged, pieceBytes)).toBeUndefined();
    },
  );

  test('gives back its files', () => {
    expect(unpackTar(packTar(FILES, 0))).toEqual(new Map(FILES));
  });

  test('is one for other programs too', () => {
    const list = execFileSync('tar', ['tvf', '-'], { input: packTar(FILES, 0), encoding: 'utf8' });
    expect(
      list
        .trim()
        .split('\n')
        .map((line) => line.split(/\s+/).at(-1)),
    ).toEqual(FILES.map(([name]) => name));
    expect(list).toMatch(/^-rw------- 0\/0 +2 /);
  });

  test('is refused when it is cut, when a header is changed, or when it holds something else', () => {
    const archive = packTar(FILES, 0);
    for (let length = 0; length < archive.length - 1_024; length += 37)
      expect(unpackTar(archive.subarray(0, length))).toBeUndefined();
    const damaged = Buffer.from(archive);
    damaged[130] = 0x37;
    expect(unpackTar(damaged)).toBeUndefined();
    expect(unpackTar(Buffer.alloc(1_024, 1))).toBeUndefined();
  });
});
