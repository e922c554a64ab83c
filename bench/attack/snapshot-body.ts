/**
 * Snapshot files with chosen contents: right checksums around rows that no agent would have saved.
 */
import { createHash } from 'node:crypto';
import { gzipSync } from 'node:zlib';
import { packTar } from '../../src/http/snapshot/tar.ts';

interface Row {
  readonly table: string;
  readonly row: object;
}

/** A file as `GET /v1/snapshot` gives it. */
export function snapshotBody(rows: readonly Row[]): Buffer {
  const header = { format: 'rollcall-snapshot', version: 1, rows: rows.length };
  const state = Buffer.from(`${[header, ...rows].map((row) => JSON.stringify(row)).join('\n')}\n`);
  const meta = Buffer.from(`${JSON.stringify({ Version: 1, ID: '1-1-1', Index: 1, Size: state.length })}\n`);
  const sum = (name: string, content: Buffer): string =>
    `${createHash('sha256').update(content).digest('hex')}  ${name}\n`;
  const sums = Buffer.from(sum('meta.json', meta) + sum('state.bin', state));
  const files = [
    ['meta.json', meta],
    ['state.bin', state],
    ['SHA256SUMS', sums],
  ] as const;
  return gzipSync(packTar(files, 0), { level: 1 });
}
