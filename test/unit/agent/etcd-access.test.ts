/** Certificates towards an etcd that somebody else runs, while somebody renews them. */
import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { foreignEtcd, ownEtcd } from '../../../src/agent/cluster/etcd-access.ts';
import type { Config } from '../../../src/agent/config/options.ts';
import { pem } from '../../support/test-certificates.ts';

let dir = '';
let said: string[] = [];
const log = { warn: (fields: object) => void said.push(String((fields as { err: Error }).err.message)) };
const file = (name: string): string => path.join(dir, name);
const write = (name: string, text: string): void => fs.writeFileSync(file(name), text);

beforeEach(() => {
  said = [];
  dir = fs.mkdtempSync(path.join(os.tmpdir(), 'rollcall-etcd-access-'));
  write('cert.pem', pem('server'));
  write('key.pem', pem('server-key'));
});
afterEach(() => fs.rmSync(dir, { recursive: true }));

const config = () =>
  ({
    'store.etcd.endpoints': ['https://etcd:2379'],
    'store.etcd.ca_file': '',
    'store.etcd.cert_file': file('cert.pem'),
    'store.etcd.key_file': file('key.pem'),
    'store.etcd.username': '',
    'store.etcd.password': '',
  }) as unknown as Config;

test('the renewed certificate is shown to the next connection', () => {
  const { tls } = foreignEtcd(config(), log);
  expect(tls?.()).toEqual({ cert: pem('server'), key: pem('server-key') });
  write('cert.pem', pem('client'));
  write('key.pem', pem('client-key'));
  expect(tls?.()).toEqual({ cert: pem('client'), key: pem('client-key') });
  expect(said).toEqual([]);
});

test('while only one of its files is the new one, or one is away, the pair of before is shown, and it is said once', () => {
  const { tls } = foreignEtcd(config(), log);
  write('cert.pem', pem('client'));
  expect(tls?.()).toEqual({ cert: pem('server'), key: pem('server-key') });
  expect(tls?.()).toEqual({ cert: pem('server'), key: pem('server-key') });
  expect(said).toEqual(['store.etcd.key_file: is not the key of store.etcd.cert_file']);
  fs.rmSync(file('key.pem'));
  expect(tls?.()).toEqual({ cert: pem('server'), key: pem('server-key') });
  expect(said.at(-1)).toMatch(/^store\.etcd\.key_file: .*no such file/);
  write('key.pem', pem('client-key'));
  expect(tls?.()).toEqual({ cert: pem('client'), key: pem('client-key') });
});

test('at the start files that do not belong together are refused', () => {
  write('key.pem', pem('client-key'));
  expect(() => foreignEtcd(config(), log)).toThrow('is not the key of store.etcd.cert_file');
});

test('the etcd that a server starts is shown what the server is known by now', () => {
  const identity = {
    certificate: 'one',
    key: 'k',
    authorities: 'a',
    serverName: undefined,
    secret: undefined,
  };
  const { tls } = ownEtcd({ clientUrl: 'https://127.0.0.1:2379' } as never, identity);
  expect(tls?.()).toEqual({ ca: 'a', cert: 'one', key: 'k' });
  identity.certificate = 'two';
  expect(tls?.()).toEqual({ ca: 'a', cert: 'two', key: 'k' });
});
