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
import { inTurns, type Turns } from '../../lib/fair-turns.ts';
import { AppError } from '../../model/errors.ts';
import { areSums, META, STATE, SUMS, sumsOf } from './snapshot-archive.ts';
import { snapshotRefusal } from './snapshot-refusal.ts';
import type { SnapshotContents, StateParts } from './state-form.ts';
import { StateReader } from './state-reader.ts';
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

export interface Unpacking extends StateParts {
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
  readonly #state: StateReader;
  readonly #stateHash = createHash('sha256');
  readonly #small = new Map<string, Buffer>();
  #stateFile: TarHeader | undefined;
  #isDamaged = false;

  constructor(state: StateReader) {
    this.#state = state;
  }

  readonly take = (file: TarHeader, piece: Buffer): void => {
    if (file.name === STATE) this.#takeState(file, piece);
    else if (file.name === META || file.name === SUMS) this.#takeSmall(file, piece);
  };

  #takeState(file: TarHeader, piece: Buffer): void {
    this.#stateFile ??= file;
    if (this.#stateFile !== file) this.#isDamaged = true;
    if (this.#isDamaged) return;
    this.#stateHash.update(piece);
    this.#state.add(piece);
  }

  #takeSmall({ name, size }: TarHeader, piece: Buffer): void {
    const known = this.#small.get(name) ?? Buffer.alloc(0);
    if (size > MAX_SMALL_BYTES || known.length + piece.length > MAX_SMALL_BYTES) this.#isDamaged = true;
    if (!this.#isDamaged) this.#small.set(name, Buffer.concat([known, piece]));
  }

  /** Throws invalid_command when a file is missing, or when the checksums are wrong. */
  verify(): void {
    const [meta, sums] = [this.#small.get(META), this.#small.get(SUMS)];
    if (this.#isDamaged || this.#stateFile === undefined || !meta || !sums)
      throw snapshotRefusal('it is damaged or no snapshot');
    if (!areSums(sums, sumsOf(meta, this.#stateHash.digest('hex'))))
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

/** What a file holds. Throws invalid_command when it is damaged, cut, foreign or from a newer version. */
export async function unpackSnapshot(
  file: PackedPieces,
  { packedBytes, turns, ...parts }: Unpacking,
): Promise<SnapshotContents> {
  const state = new StateReader(parts);
  const contents = new Contents(state);
  const archive = new TarReader(contents.take);
  for await (const piece of unzip(file, packedBytes)) {
    archive.add(piece);
    await inTurns(turns, () => state.step());
  }
  if (!archive.hasEnded) throw snapshotRefusal('it is damaged or no snapshot');
  contents.verify();
  return state.end();
}
