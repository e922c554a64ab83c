/**
 * `rollcall login` and `rollcall logout`: a token by an auth method, kept in a file.
 */
import fs from 'node:fs';
import { systemErrorText } from '../../lib/system-error.ts';
import { missing, send, type Token } from '../acl/acl-objects.ts';
import type { Command } from '../command-spec.ts';
import type { Flags } from '../flags.ts';
import { tried } from '../tried.ts';

const ONLY_OURS = 0o600;

function required(flags: Flags, name: string): string {
  return flags.text(name) || missing(`Missing required '-${name}' flag`);
}

/** The secret in a file that only its owner reads: a new file in the old one's place. */
function writeSecret(file: string, secret: string): void {
  const fresh = `${file}.new`;
  try {
    fs.rmSync(fresh, { force: true });
    fs.writeFileSync(fresh, secret, { mode: ONLY_OURS, flag: 'wx' });
    fs.renameSync(fresh, file);
  } catch (cause) {
    missing(`Error writing token to file sink: ${file}: ${systemErrorText(cause)}`);
  }
}

function readBearer(file: string): string {
  let token: string;
  try {
    token = fs.readFileSync(file, 'utf8').trim();
  } catch (cause) {
    return missing(`Error reading bearer token: ${file}: ${systemErrorText(cause)}`);
  }
  return token || missing(`No bearer token found in ${file}`);
}

function metaOf(flags: Flags): Readonly<Record<string, string>> {
  return Object.fromEntries(
    flags.list('meta').map((pair) => {
      const equals = pair.indexOf('=');
      return equals < 1
        ? missing(`-meta ${pair}: write KEY=VALUE`)
        : [pair.slice(0, equals), pair.slice(equals + 1)];
    }),
  );
}

export const login: Command = {
  summary: 'Get a token by an auth method',
  flags: [
    { name: 'method', value: 'NAME', doc: 'Auth method to log in by.' },
    { name: 'bearer-token-file', value: 'FILE', doc: 'File with what shows who you are.' },
    { name: 'token-sink-file', value: 'FILE', doc: 'File to write the secret of the token to.' },
    { name: 'meta', value: 'KEY=VALUE', doc: 'Kept in the description of the token; may be repeated.' },
    { name: 'type', value: 'TYPE', doc: 'Accepted; the auth method has its type.' },
  ],
  isClient: true,
  examples: ['rollcall login -method idp -bearer-token-file jwt -token-sink-file token'],
  run: async ({ flags, ...input }) => {
    const AuthMethod = required(flags, 'method');
    const sink = required(flags, 'token-sink-file');
    const BearerToken = readBearer(required(flags, 'bearer-token-file'));
    const client = input.client();
    const token = await tried('Error logging in', () =>
      send<Token>(client, 'POST', '/v1/acl/login', { AuthMethod, BearerToken, Meta: metaOf(flags) }),
    );
    writeSecret(sink, token.SecretID ?? '');
    return 0;
  },
};

export const logout: Command = {
  summary: 'Delete the token of a login',
  flags: [],
  isClient: true,
  examples: ['rollcall logout -token-file token'],
  run: async (input) => {
    const client = input.client();
    await tried('Error destroying token', () => client.ok('POST', '/v1/acl/logout'));
    return 0;
  },
};
