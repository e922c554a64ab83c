/**
 * Reads the file of a snapshot (snapshot-archive.ts) as a stream: unpack, take apart, add up, decode, a piece at a time. What
 * it takes in memory is the rows that it gives.
 *
 * Nothing is believed before both checksums were compared: a damaged, cut or foreign file is refused as a whole. What
 * unpacks to more than any snapshot does is refused as soon as it has.
 */
import { createHash } from 'node:crypto';
import { pipeline, Readable } from 'node:stream';
import { createGunzip } from 'node:zlib';
import type { PutChange } from '../../catalog/state.ts';
import { inTurns, type Turns } from '../../lib/fair-turns.ts';
import { AppError } from '../../model/errors.ts';
import { META, STATE, SUMS, sumsOf } from './snapshot-archive.ts';
import { SnapshotRows, type SnapshotRowsParts, snapshotRefusal } from './snapshot-rows.ts';
import type { TarHeader } from './tar.ts';
import { TarReader } from './tar-reader.ts';

/** Limits of the unpacked file, against small bodies that unpack to much: octets, and how many times the packed ones. */
const MAX_UNPACKED_BYTES = 1024 * 1024 * 1024;
const MAX_RATIO = 100;
/** What may be unpacked whatever the ratio. */
const FREE_BYTES = 16 * 1024 * 1024;
/** Octets of one unpacked piece. */
const PIECE_BYTES = 256 * 1024;
/** Octets of the files beside the state. Real ones have some hundreds. */
const MAX_SMALL_BYTES = 64 * 1024;

/** The file, piece by piece. */
export type PackedPieces = Iterable<Buffer> | AsyncIterable<Buffer>;

export interface Unpacking extends SnapshotRowsParts {
  /** Octets of the file. */
  readonly packedBytes: number;
  readonly turns: Pick<Turns, 'add'>;
}

function decompressFailed(cause: unknown): AppError {
  if (cause instanceof AppError) return cause; // the file could not be read
  const why = cause instanceof Error ? cause.message : String(cause);
  return new AppError('invalid_command', `failed to decompress snapshot: ${why}`, { cause });
}

/** The files of the archive as they come: the state goes to its rows, what is small is kept. */
class Contents {
  readonly #rows: SnapshotRows;
  readonly #stateHash = createHash('sha256');
  readonly #small = new Map<string, Buffer>();
  #state: TarHeader | undefined;
  #isDamaged = false;

  constructor(rows: SnapshotRows) {
    this.#rows = rows;
  }

  readonly take = (file: TarHeader, piece: Buffer): void => {
    if (file.name === STATE) this.#takeState(file, piece);
    else if (file.name === META || file.name === SUMS) this.#takeSmall(file, piece);
  };

  #takeState(file: TarHeader, piece: Buffer): void {
    this.#state ??= file;
    if (this.#state !== file) this.#isDamaged = true;
    if (this.#isDamaged) return;
    this.#stateHash.update(piece);
    this.#rows.add(piece);
  }

  #takeSmall({ name, size }: TarHeader, piece: Buffer): void {
    const known = this.#small.get(name) ?? Buffer.alloc(0);
    if (size > MAX_SMALL_BYTES || known.length + piece.length > MAX_SMALL_BYTES) this.#isDamaged = true;
    if (!this.#isDamaged) this.#small.set(name, Buffer.concat([known, piece]));
  }

  /** Throws invalid_command when a file is missing, or when the checksums are wrong. */
  verify(): void {
    const [meta, sums] = [this.#small.get(META), this.#small.get(SUMS)];
    if (this.#isDamaged || this.#state === undefined || !meta || !sums)
      throw snapshotRefusal('it is damaged or no snapshot');
    if (!sumsOf(meta, this.#stateHash.digest('hex')).equals(sums))
      throw snapshotRefusal('its checksum does not match');
  }
}

/** The unpacked octets, piece by piece; they are made on threads of their own. */
async function* unzip(file: PackedPieces, packedBytes: number): AsyncGenerator<Buffer, void> {
  const most = Math.min(MAX_UNPACKED_BYTES, Math.max(FREE_BYTES, MAX_RATIO * packedBytes));
  const unpacked = createGunzip({ chunkSize: PIECE_BYTES });
  // Whoever reads `unpacked` is told of its end; leaving it ends the file's reader too.
  pipeline(Readable.from(file), unpacked, () => {});
  let bytes = 0;
  try {
    for await (const piece of unpacked as AsyncIterable<Buffer>) {
      bytes += piece.length;
      if (bytes > most) throw new Error(`it unpacks to more than ${most} octets`);
      yield piece;
    }
  } catch (cause) {
    throw decompressFailed(cause);
  }
}

/** The rows of a file. Throws invalid_command when it is damaged, cut, foreign or from a newer version. */
export async function unpackSnapshot(
  file: PackedPieces,
  { packedBytes, turns, ...parts }: Unpacking,
): Promise<readonly PutChange[]> {
  const rows = new SnapshotRows(parts);
  const contents = new Contents(rows);
  const archive = new TarReader(contents.take);
  for await (const piece of unzip(file, packedBytes)) {
    archive.add(piece);
    await inTurns(turns, () => rows.step());
  }
  if (!archive.hasEnded) throw snapshotRefusal('it is damaged or no snapshot');
  contents.verify();
  return rows.end();
}
