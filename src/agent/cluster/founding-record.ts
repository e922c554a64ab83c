/**
 * The first members that a server has agreed to, on disk beside its etcd. An agreement must survive a restart:
 * otherwise two clusters could form that share a server.
 */
import fs from 'node:fs';
import path from 'node:path';
import { systemErrorText } from '../../lib/system-error.ts';
import { AppError } from '../../model/errors.ts';
import type { FirstMembers } from '../../store/etcd/cluster-plan.ts';
import type { MemberStart } from '../../store/etcd/member-options.ts';

export interface FoundingRecord {
  /** The first members of the cluster that this server has agreed to, or belongs to. */
  readonly first: FirstMembers;
  /** The server that asked for the agreement; it alone may ask for another one. */
  readonly by: string;
  /** How its etcd is started; absent while it only agreed. */
  readonly start?: MemberStart;
  /** Whether its etcd has run: without its data it is not the member that it was. */
  readonly hasRun?: boolean;
}

const fileOf = (dataDir: string): string => path.join(dataDir, 'founding.json');

function read(dataDir: string): FoundingRecord | undefined {
  try {
    return JSON.parse(fs.readFileSync(fileOf(dataDir), 'utf8')) as FoundingRecord;
  } catch {
    return undefined; // nothing was written down, or a power cut left half of it
  }
}

function write(dataDir: string, record: FoundingRecord): void {
  try {
    fs.mkdirSync(dataDir, { recursive: true, mode: 0o700 });
    const next = `${fileOf(dataDir)}.new`;
    const file = fs.openSync(next, 'w', 0o600);
    fs.writeFileSync(file, JSON.stringify(record));
    fs.fsyncSync(file);
    fs.closeSync(file);
    fs.renameSync(next, fileOf(dataDir));
  } catch (cause) {
    const why = systemErrorText(cause);
    throw new AppError('config_invalid', `etcd: ${fileOf(dataDir)} cannot be written: ${why}`, { cause });
  }
}

/** The record of one server; keeps nothing where the server starts no etcd. */
export class FoundingKeeper {
  readonly #dataDir: string | undefined;
  #record: FoundingRecord | undefined;

  constructor(dataDir: string | undefined) {
    this.#dataDir = dataDir;
    this.#record = dataDir === undefined ? undefined : read(dataDir);
  }

  get(): FoundingRecord | undefined {
    return this.#record;
  }

  /** Write the record; it is on disk when this returns. Throws config_invalid when it cannot be written. */
  set(record: FoundingRecord): void {
    if (this.#dataDir !== undefined) write(this.#dataDir, record);
    this.#record = record;
  }

  /** Delete the record, because the data of etcd that it was about is gone. */
  forget(): void {
    if (this.#dataDir !== undefined) fs.rmSync(fileOf(this.#dataDir), { force: true });
    this.#record = undefined;
  }

  /** The first members of the cluster that this server is in; undefined while it is in none. */
  get cluster(): FirstMembers | undefined {
    return this.#record?.start === undefined ? undefined : this.#record.first;
  }
}
