import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { loadConfig } from '../../../src/agent/config/load-config.ts';
import { httpsPlan, type InterfacePlan } from '../../../src/agent/secure-settings.ts';

let dir = '';
beforeEach(() => {
  dir = fs.mkdtempSync(path.join(os.tmpdir(), 'rollcall-secure-'));
});
afterEach(() => fs.rmSync(dir, { recursive: true, force: true }));

async function planOf(...files: readonly object[]): Promise<InterfacePlan> {
  const paths = files.map((json, i) => {
    const file = path.join(dir, `${i}.json`);
    fs.writeFileSync(file, JSON.stringify(json));
    return file;
  });
  const loaded = await loadConfig({
    isDev: true,
    paths,
    format: undefined,
    flags: [],
    fragments: [],
    env: {},
  });
  return httpsPlan(loaded);
}

const OLD = { ca_file: '/ca', cert_file: '/cert', key_file: '/key' };

describe('what HTTPS is to be like', () => {
  it('is said by the old keys', async () => {
    const plan = await planOf({ ...OLD, verify_incoming: true, tls_min_version: 'tls13' });
    expect(plan).toEqual({
      files: { certFile: '/cert', keyFile: '/key', caFile: '/ca', caPath: '' },
      verifyIncoming: true,
      minVersion: 'TLSv1.3',
      cipherSuites: '',
    });
  });

  it('is said by the stanza, its own values before those of all, field by field', async () => {
    const defaults = { ...OLD, verify_incoming: true, tls_min_version: 'TLSv1_3' };
    const plan = await planOf({ tls: { defaults, https: { cert_file: '/own', key_file: '/own-key' } } });
    expect(plan.files).toEqual({ certFile: '/own', keyFile: '/own-key', caFile: '/ca', caPath: '' });
    expect(plan.verifyIncoming).toBe(true);
    expect((await planOf({ tls: { defaults, https: { verify_incoming: false } } })).verifyIncoming).toBe(
      false,
    );
  });

  it('is said by the stanza before the old keys, wherever they stand', async () => {
    const plan = await planOf({ tls: { defaults: { cert_file: '/new' } } }, OLD);
    expect(plan.files.certFile).toBe('/new');
  });

  it('asks for certificates when either of the old switches is on', async () => {
    expect((await planOf({ ...OLD, verify_incoming_https: true })).verifyIncoming).toBe(true);
    const both = { ...OLD, verify_incoming: true, verify_incoming_https: false };
    expect((await planOf(both)).verifyIncoming).toBe(true);
  });

  it.each([
    [
      { ...OLD, ca_file: '', verify_incoming: true },
      'VerifyIncoming set but no CA certificates were provided',
    ],
    [{ ca_file: '/ca', verify_incoming_https: true }, 'VerifyIncoming requires either a Cert and Key pair'],
    [{ verify_outgoing: true }, 'VerifyOutgoing set, and no CA certificate provided!'],
    [{ ports: { https: 8501 } }, 'ports.https: needs a certificate'],
    [{ tls_cipher_suites: 'TLS_RSA_WITH_RC4_128_SHA' }, 'unsupported cipher "TLS_RSA_WITH_RC4_128_SHA"'],
    [{ tls_cipher_suites: 'TLS_RSA_WITH_AES_256_CBC_SHA' }, 'none that HTTP/2 requires'],
    [{ tls_min_version: 'tls14' }, 'must be one of'],
  ])('is refused where it protects less than it seems to: %j', async (json, why) => {
    await expect(planOf(json)).rejects.toThrow(why);
  });
});
