/**
 * What the kv commands share: the path of a key, rows as the API gives them, data from an argument, a file or standard input.
 */
import fs from 'node:fs';
import { systemErrorText } from '../lib/system-error.ts';
import { escapePath } from '../lib/url-path.ts';
import { AppError } from '../model/errors.ts';
import type { CommandIo } from './command-spec.ts';

export interface KvPair {
  readonly Key: string;
  readonly CreateIndex: number;
  readonly ModifyIndex: number;
  readonly LockIndex: number;
  readonly Flags: number;
  /** Base64; null is empty. */
  readonly Value: string | null;
  readonly Session?: string;
}

/** API path of a key; slashes stay. */
export function keyPath(key: string): string {
  return `/v1/kv/${escapePath(key.replace(/^\//, ''))}`;
}

/** The one key that a command is about. Throws AppError bad_request. */
export function keyArgument([key]: readonly string[]): string {
  if (key === undefined) throw new AppError('bad_request', 'Error! Missing KEY argument');
  return key;
}

/** `@file`, `-` for standard input, or the text itself. Throws AppError bad_request. */
export async function dataOf(argument: string, io: CommandIo): Promise<Uint8Array> {
  if (argument === '-') return io.stdin();
  if (!argument.startsWith('@')) return Buffer.from(argument);
  try {
    return fs.readFileSync(argument.slice(1));
  } catch (cause) {
    throw new AppError('bad_request', `Error! Failed to read file: ${systemErrorText(cause)}`, { cause });
  }
}

/** The bytes of a pair. */
export const bytesOf = ({ Value }: KvPair): Buffer => Buffer.from(Value ?? '', 'base64');
