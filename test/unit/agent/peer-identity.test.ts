import { X509Certificate } from 'node:crypto';
import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { loadConfig } from '../../../src/agent/config/load-config.ts';
import { identityOf } from '../../../src/agent/identity.ts';
import {
  type PeerIdentities,
  peerIdentities,
  requireEtcdAddresses,
} from '../../../src/agent/peer-identity.ts';
import { readSecureState } from '../../../src/agent/secure-settings.ts';
import { Security } from '../../../src/agent/security.ts';
import { certFile, pem } from '../../support/test-certificates.ts';

let dir = '';
beforeEach(() => {
  dir = fs.mkdtempSync(path.join(os.tmpdir(), 'rollcall-peer-'));
});
afterEach(() => fs.rmSync(dir, { recursive: true, force: true }));

const FILES = {
  server: true,
  ca_file: certFile('ca'),
  cert_file: certFile('server'),
  key_file: certFile('server-key'),
};
const SECRET = { encrypt: Buffer.alloc(32, 7).toString('base64') };

async function made(
  json: object,
): Promise<{ readonly identities: PeerIdentities; readonly security: Security }> {
  const file = path.join(dir, 'a.json');
  fs.writeFileSync(file, JSON.stringify({ bind_addr: '127.0.0.1', ...json }));
  const loaded = await loadConfig({
    isDev: true,
    paths: [file],
    format: undefined,
    flags: [],
    fragments: [],
    env: {},
  });
  const security = new Security(await readSecureState(loaded));
  const identity = identityOf(loaded.config, 'id-1');
  return { security, identities: await peerIdentities({ config: loaded.config, security }, identity) };
}

const namesIn = (certificate = ''): string => new X509Certificate(certificate).subjectAltName ?? '';

describe('what an agent is known by', () => {
  it('is nothing, the secret, or the files, by what there is', async () => {
    expect((await made({})).identities).toEqual({ rpc: undefined, etcd: undefined });
    const { rpc, etcd } = (await made(SECRET)).identities;
    expect(rpc).toBe(etcd);
    expect(namesIn(rpc?.certificate)).toContain('IP Address:127.0.0.1');
    const named = await made({ ...SECRET, store: { etcd: { peer_host: 'server-0.servers' } } });
    expect(namesIn(named.identities.etcd?.certificate)).toContain('DNS:server-0.servers');
    const files = (await made(FILES)).identities;
    expect(files.rpc?.certificate).toBe(pem('server'));
    expect(files.etcd).toBe(files.rpc);
  });

  it('is the secret where the files are for HTTPS, and both where they are asked for', async () => {
    expect((await made({ ...FILES, ...SECRET })).identities.rpc?.onChange).toBeUndefined();
    for (const asked of [
      { verify_incoming: true },
      { verify_outgoing: true },
      { verify_incoming_rpc: true },
      { verify_server_hostname: true },
      { tls: { internal_rpc: { cert_file: certFile('server') } } },
    ]) {
      const { rpc, etcd } = (await made({ ...FILES, ...SECRET, ...asked })).identities;
      expect(rpc?.certificate).toBe(pem('server'));
      expect(rpc?.secret).toHaveLength(32);
      expect(etcd?.certificate).not.toBe(pem('server'));
    }
  });

  it('asks servers for their name when it shall, also of itself', async () => {
    expect((await made({ ...FILES, verify_incoming: true })).identities.rpc?.serverName).toBeUndefined();
    const named = { ...FILES, verify_server_hostname: true };
    expect((await made(named)).identities.rpc?.serverName).toBe('server.dc1.consul');
    await expect(made({ ...named, datacenter: 'eu' })).rejects.toThrow('is not for server.eu.consul');
  });

  it('is what the files hold after a reload', async () => {
    const { identities, security } = await made(FILES);
    const material = { certificate: pem('server-n1'), key: pem('server-n1-key'), authorities: [pem('ca')] };
    let told = 0;
    identities.rpc?.onChange?.(() => {
      told += 1;
    });
    security.replace({ ...security.state, rpc: { ...security.state.rpc, material } });
    expect(identities.rpc?.certificate).toBe(pem('server-n1'));
    expect(told).toBe(1);
  });

  it.each([
    [{ verify_server_hostname: true }, 'VerifyOutgoing set, and no CA certificate provided!'],
    [{ verify_outgoing: true, ca_file: certFile('ca') }, 'cert_file, key_file and ca_file'],
    [
      { verify_incoming_rpc: true, ca_file: certFile('ca') },
      'VerifyIncoming requires either a Cert and Key pair',
    ],
  ])('is refused where it protects less than was asked for: %j', async (json, why) => {
    await expect(made({ ...SECRET, ...json })).rejects.toThrow(why);
  });

  it('is refused for an etcd whose address it does not carry', async () => {
    const { etcd } = (await made(FILES)).identities;
    expect(() => requireEtcdAddresses(etcd, ['127.0.0.1'])).not.toThrow();
    expect(() => requireEtcdAddresses(etcd, ['127.0.0.1', '10.1.2.3'])).toThrow(
      '-additional-ipaddress 10.1.2.3',
    );
    expect(() => requireEtcdAddresses(undefined, ['10.1.2.3'])).not.toThrow();
  });
});
