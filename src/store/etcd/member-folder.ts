/**
 * The folder of a member: made for this user alone, written to once as a trial, and marked with its cluster.
 *
 * The mark is what a server compares before it starts: a folder of an earlier cluster under the name of a new one would
 * make etcd talk to strangers, and say so only in its log.
 */
import fs from 'node:fs';
import path from 'node:path';
import { systemErrorText } from '../../lib/system-error.ts';
import { AppError } from '../../model/errors.ts';
import { type MemberSettings, type MemberStart, memberDataDir } from './member-options.ts';

const markFile = (dataDir: string): string => path.join(dataDir, 'cluster.json');

interface Mark {
  /** Token of the cluster, where this member was one of the first. */
  readonly token?: string;
  readonly name: string;
}

function readMark(dataDir: string): Mark | undefined {
  try {
    return JSON.parse(fs.readFileSync(markFile(dataDir), 'utf8')) as Mark;
  } catch {
    return undefined;
  }
}

/** Whether etcd has data there, so that it needs no telling how to begin. */
export function hasMemberData(settings: Pick<MemberSettings, 'dataDir'>): boolean {
  return fs.existsSync(path.join(memberDataDir(settings), 'member', 'wal'));
}

function refuseOther(settings: MemberSettings, start: MemberStart): void {
  const mark = readMark(settings.dataDir);
  if (mark === undefined || !hasMemberData(settings)) return;
  const remedy = 'give another -data-dir, or remove the folder if nothing in it is needed';
  if (mark.name !== settings.name) {
    const whose = `${settings.dataDir} holds the data of server ${mark.name}, this one is ${settings.name}`;
    throw new AppError('config_invalid', `etcd: ${whose}; ${remedy}`);
  }
  if (start.kind === 'first' && mark.token !== undefined && mark.token !== start.first.token)
    throw new AppError(
      'config_invalid',
      `etcd: ${settings.dataDir} holds data of another cluster; ${remedy}`,
    );
}

/** Make the folder ready for a start. Throws `config_invalid` when it cannot be written or is of another cluster. */
export function prepareMemberFolder(settings: MemberSettings, start: MemberStart): void {
  const { dataDir, name } = settings;
  try {
    fs.mkdirSync(memberDataDir(settings), { recursive: true, mode: 0o700 });
    refuseOther(settings, start);
    const mark: Mark = { name, ...(start.kind === 'first' && { token: start.first.token }) };
    if (!hasMemberData(settings)) fs.writeFileSync(markFile(dataDir), JSON.stringify(mark), { mode: 0o600 });
    fs.accessSync(memberDataDir(settings), fs.constants.W_OK);
  } catch (cause) {
    if (cause instanceof AppError) throw cause;
    throw new AppError('config_invalid', `etcd: ${dataDir} cannot be written: ${systemErrorText(cause)}`, {
      cause,
    });
  }
}
