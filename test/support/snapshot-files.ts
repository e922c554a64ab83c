/**
 * Snapshot files made by hand: any state in the archive that Consul and rollcall take apart.
 */
import { createHash } from 'node:crypto';
import { gunzipSync, gzipSync } from 'node:zlib';
import { packTar } from '../../src/http/snapshot/tar.ts';
import { MessageFrames } from '../../src/lib/message-frames.ts';
import { pack, textsOf, unpack } from '../../src/lib/message-pack.ts';
import { unpackTar } from './tar-files.ts';

export const sha256 = (content: Buffer): string => createHash('sha256').update(content).digest('hex');

/** The files of a snapshot by name. */
export function filesOf(snapshot: Buffer): ReadonlyMap<string, Buffer> {
  return unpackTar(gunzipSync(snapshot)) ?? new Map();
}

/** A snapshot of this state, its checksums right. */
export function snapshotOf(state: Buffer, change: object = {}): Buffer {
  const meta = Buffer.from(
    JSON.stringify({
      Version: 1,
      ID: '1-50-1700000000000',
      Index: 50,
      Term: 1,
      Peers: null,
      Configuration: { Servers: null },
      ConfigurationIndex: 0,
      Size: state.length,
      ...change,
    }),
  );
  const sums = Buffer.from(`${sha256(meta)}  meta.json\n${sha256(state)}  state.bin\n`);
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

/** A record of a state: the number of its kind, and its fields. */
export type StateRecord = readonly [type: number, fields: unknown];

/** The state that Consul would write of these records. */
export function stateOf(header: unknown, records: readonly StateRecord[]): Buffer {
  return Buffer.concat([pack(header), ...records.flatMap(([type, fields]) => [pack(type), pack(fields)])]);
}

/** Header and records of a state, texts as texts. */
export function recordsOf(state: Buffer): {
  readonly header: unknown;
  readonly records: readonly StateRecord[];
} {
  const frames = new MessageFrames(state.length);
  frames.add(state);
  const values: unknown[] = [];
  for (let frame = frames.next(); frame !== undefined; frame = frames.next())
    values.push(textsOf(unpack(frame)));
  const [header, ...others] = values;
  const records: StateRecord[] = [];
  for (let i = 0; i < others.length; i += 2) records.push([others[i] as number, others[i + 1]]);
  return { header, records };
}
