import { TarReader } from '../../src/http/snapshot/tar-reader.ts';

/** The files of an archive that comes in pieces of so many octets; undefined when it has no end. */
export function unpackTar(archive: Buffer, pieceBytes = 1_000): ReadonlyMap<string, Buffer> | undefined {
  const files = new Map<string, Buffer>();
  const reader = new TarReader(({ name }, piece) => {
    files.set(name, Buffer.concat([files.get(name) ?? Buffer.alloc(0), piece]));
  });
  for (let at = 0; at < archive.length; at += pieceBytes) reader.add(archive.subarray(at, at + pieceBytes));
  return reader.hasEnded ? files : undefined;
}
