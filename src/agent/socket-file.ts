/**
 * The file of a UNIX socket as `unix_sockets` wants it: whose it is, and who may connect.
 *
 * Connecting takes the right to write. Until owner and mode are set nobody but this user has any, so that nobody comes in through
 * the moment between.
 */
import fs from 'node:fs';
import { systemErrorText } from '../lib/system-error.ts';
import { AppError, refuse } from '../model/errors.ts';
import type { Config } from './config/options.ts';

const PASSWD = '/etc/passwd';
const MODE = /^[0-7]{3,4}$/;
const KEEP = -1;
/** While a socket comes into being: for this user alone. */
const PRIVATE_UMASK = 0o077;

export interface SocketRights {
  /** -1 leaves it as it is. */
  readonly uid: number;
  readonly gid: number;
  readonly mode: number | undefined;
}

function userId(user: string): number {
  if (/^\d+$/.test(user)) return Number(user);
  const lines = fs.readFileSync(PASSWD, 'utf8').split('\n');
  const fields = lines.map((line) => line.split(':')).find(([name]) => name === user);
  return fields?.[2] === undefined
    ? refuse('config_invalid', `unix_sockets.user: there is no user ${JSON.stringify(user)} in ${PASSWD}`)
    : Number(fields[2]);
}

function groupId(group: string): number {
  if (/^\d+$/.test(group)) return Number(group);
  return refuse(
    'config_invalid',
    `unix_sockets.group: invalid group specified: "${group}" (NOTE: must be numeric)`,
  );
}

function modeOf(mode: string): number {
  if (MODE.test(mode)) return Number.parseInt(mode, 8);
  return refuse(
    'config_invalid',
    `unix_sockets.mode: must be octal digits such as "0770", not ${JSON.stringify(mode)}`,
  );
}

/** What the configuration wants; undefined when it says nothing. Throws config_invalid. */
export function socketRights(config: Config): SocketRights | undefined {
  const { 'unix_sockets.user': user, 'unix_sockets.group': group, 'unix_sockets.mode': mode } = config;
  if (user === '' && group === '' && mode === '') return undefined;
  return {
    uid: user === '' ? KEEP : userId(user),
    gid: group === '' ? KEEP : groupId(group),
    mode: mode === '' ? undefined : modeOf(mode),
  };
}

/** Run `listen`, which makes the socket, and give the file its rights. Rejects with config_invalid when it cannot have them. */
export async function withSocketRights(
  file: string,
  rights: SocketRights | undefined,
  listen: () => Promise<void>,
): Promise<void> {
  if (rights === undefined) return listen();
  const before = process.umask(PRIVATE_UMASK);
  try {
    await listen();
  } finally {
    process.umask(before);
  }
  try {
    fs.chownSync(file, rights.uid, rights.gid);
    fs.chmodSync(file, rights.mode ?? 0o777 & ~before);
  } catch (cause) {
    const why = systemErrorText(cause);
    throw new AppError('config_invalid', `unix_sockets: ${file} cannot be given these rights: ${why}`, {
      cause,
    });
  }
}
