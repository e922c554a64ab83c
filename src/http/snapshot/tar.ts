/**
 * Small tar archives (POSIX ustar): a few regular files in memory, and their headers. tar-reader.ts reads archives.
 *
 * A header is 512 octets: name 0-99, mode 100-107, size 124-135 and time 136-147 in octal, checksum 148-155, type 156
 * ("0" is a file), magic 257-264. Contents are filled up to whole blocks; two empty blocks end the archive. Names over
 * 100 octets, other types and sizes beyond 8 GiB are refused.
 */

export const BLOCK = 512;
const CHECKSUM_AT = 148;
const CHECKSUM_LENGTH = 8;

/** Sum of the octets of a header, with spaces in place of the checksum itself. */
function checksumOf(header: Buffer): number {
  let sum = 0;
  for (const [at, octet] of header.entries()) {
    const isChecksum = at >= CHECKSUM_AT && at < CHECKSUM_AT + CHECKSUM_LENGTH;
    sum += isChecksum ? 0x20 : octet;
  }
  return sum;
}

const octal = (value: number, digits: number): string => `${value.toString(8).padStart(digits, '0')}\0`;

function headerOf(name: string, size: number, timeMs: number): Buffer {
  const header = Buffer.alloc(BLOCK);
  header.write(name, 0, 100, 'utf8');
  header.write(octal(0o600, 7), 100);
  header.write(octal(0, 7), 108);
  header.write(octal(0, 7), 116);
  header.write(octal(size, 11), 124);
  header.write(octal(Math.floor(timeMs / 1_000), 11), 136);
  header.write('0', 156);
  header.write('ustar\x0000', 257);
  header.write(`${octal(checksumOf(header), 6)} `, CHECKSUM_AT);
  return header;
}

/** Octets that fill the last block of a file up. */
export const paddingOf = (size: number): number => (BLOCK - (size % BLOCK)) % BLOCK;

/** A file of an archive; its content may be in pieces. */
type TarFile = readonly [name: string, ...content: readonly Buffer[]];

/** An archive of these files, in their order, in pieces that follow on each other. */
export function tarPieces(files: readonly TarFile[], timeMs: number): readonly Buffer[] {
  const blocks = files.flatMap(([name, ...content]) => {
    const size = content.reduce((sum, { length }) => sum + length, 0);
    return [headerOf(name, size, timeMs), ...content, Buffer.alloc(paddingOf(size))];
  });
  return [...blocks, Buffer.alloc(2 * BLOCK)];
}

/** An archive of these files as one. */
export function packTar(files: readonly TarFile[], timeMs: number): Buffer {
  return Buffer.concat(tarPieces(files, timeMs));
}

function textAt(header: Buffer, start: number, length: number): string {
  return (header.toString('utf8', start, start + length).split('\0')[0] ?? '').trim();
}

/** Name and size of a file. */
export interface TarHeader {
  readonly name: string;
  readonly size: number;
}

/** Name and size of a file, or undefined when the header is none. */
export function readHeader(header: Buffer): TarHeader | undefined {
  const type = textAt(header, 156, 1);
  const sizeText = textAt(header, 124, 12);
  const checksum = Number.parseInt(textAt(header, CHECKSUM_AT, CHECKSUM_LENGTH), 8);
  if (checksum !== checksumOf(header) || (type !== '0' && type !== '') || !/^[0-7]+$/.test(sizeText))
    return undefined;
  return { name: textAt(header, 0, 100), size: Number.parseInt(sizeText, 8) };
}
