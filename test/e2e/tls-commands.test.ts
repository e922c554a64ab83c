/**
 * `tls ca create` and `tls cert create`: what they print and write, as openssl judges it.
 */
import { spawnSync } from 'node:child_process';
import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { describeWith } from '../support/needs-program.ts';

const LAUNCHER = fileURLToPath(new URL('../../bin/rollcall.js', import.meta.url));
let dir = '';
beforeEach(() => {
  dir = fs.mkdtempSync(path.join(os.tmpdir(), 'rollcall-tls-'));
});
afterEach(() => fs.rmSync(dir, { recursive: true, force: true }));

function run(program: string, args: readonly string[]) {
  const { status, stdout, stderr } = spawnSync(program, args, { cwd: dir, encoding: 'utf8' });
  return { code: status, out: stdout, err: stderr };
}
const rollcall = (...args: readonly string[]) => run(process.execPath, [LAUNCHER, 'tls', ...args]);
const openssl = (...args: readonly string[]) => run('openssl', args);
const shown = (file: string): string => openssl('x509', '-in', file, '-noout', '-text').out;
const verify = (ca: string, file: string, ...more: readonly string[]) =>
  openssl('verify', '-x509_strict', '-CAfile', ca, ...more, file);

describeWith('openssl', 'tls ca create', () => {
  it('writes an authority, once, with a key that is its owner’s alone', () => {
    const made = rollcall('ca', 'create');
    expect(made).toEqual({
      code: 0,
      out: '==> Saved consul-agent-ca.pem\n==> Saved consul-agent-ca-key.pem\n',
      err: '',
    });
    expect(fs.statSync(path.join(dir, 'consul-agent-ca-key.pem')).mode & 0o777).toBe(0o600);
    expect(openssl('ec', '-in', 'consul-agent-ca-key.pem', '-noout', '-check').code).toBe(0);
    const text = shown('consul-agent-ca.pem');
    expect(text).toMatch(/CA:TRUE/);
    expect(text).toMatch(/Certificate Sign, CRL Sign/);
    const before = fs.readFileSync(path.join(dir, 'consul-agent-ca.pem'), 'utf8');
    expect(rollcall('ca', 'create')).toEqual({
      code: 1,
      out: '',
      err: 'consul-agent-ca.pem already exists.\n',
    });
    expect(fs.readFileSync(path.join(dir, 'consul-agent-ca.pem'), 'utf8')).toBe(before);
  });

  it('leaves nothing behind when one of its files is there', () => {
    fs.writeFileSync(path.join(dir, 'consul-agent-ca-key.pem'), 'mine');
    expect(rollcall('ca', 'create').err).toBe('consul-agent-ca-key.pem already exists.\n');
    expect(fs.readdirSync(dir)).toEqual(['consul-agent-ca-key.pem']);
  });

  it('binds an authority to names', () => {
    const days = ['-days', '10'];
    rollcall(
      'ca',
      'create',
      '-domain',
      'foo',
      ...days,
      '-name-constraint',
      '-additional-name-constraint=bar.example',
    );
    expect(shown('foo-agent-ca.pem')).toMatch(
      /X509v3 Name Constraints: critical\s+Permitted:\s+DNS:bar\.example\s+DNS:foo\s+DNS:localhost/,
    );
    rollcall('cert', 'create', '-server', '-domain', 'foo');
    rollcall('cert', 'create', '-server', '-domain', 'foo', '-additional-dnsname', 'elsewhere.example');
    expect(verify('foo-agent-ca.pem', 'dc1-server-foo-0.pem').code).toBe(0);
    expect(verify('foo-agent-ca.pem', 'dc1-server-foo-1.pem').err).toContain('permitted subtree violation');
    expect(openssl('x509', '-in', 'foo-agent-ca.pem', '-noout', '-checkend', String(9 * 86_400)).code).toBe(
      0,
    );
    expect(openssl('x509', '-in', 'foo-agent-ca.pem', '-noout', '-checkend', String(11 * 86_400)).code).toBe(
      1,
    );
  });
});

describeWith('openssl', 'tls cert create', () => {
  beforeEach(() => void rollcall('ca', 'create'));

  it('makes certificates for servers, with a warning, numbered', () => {
    const server = ['cert', 'create', '-server', '-node', 'n1'] as const;
    const first = rollcall(...server, '-additional-dnsname=a.example', '-additional-ipaddress', '10.1.1.1');
    expect(first.out).toBe(`==> WARNING: Server Certificates grants authority to become a
    server and access all state in the cluster including root keys
    and all ACL tokens. Do not distribute them to production hosts
    that are not server nodes. Store them as securely as CA keys.
==> Using consul-agent-ca.pem and consul-agent-ca-key.pem
==> Saved dc1-server-consul-0.pem
==> Saved dc1-server-consul-0-key.pem
`);
    expect(rollcall('cert', 'create', '-server').out).toContain('==> Saved dc1-server-consul-1.pem');
    expect(fs.statSync(path.join(dir, 'dc1-server-consul-0-key.pem')).mode & 0o777).toBe(0o600);
    const text = shown('dc1-server-consul-0.pem');
    expect(text).toContain('Subject: CN = server.dc1.consul');
    expect(text).toContain(
      'DNS:a.example, DNS:n1.server.dc1.consul, DNS:server.dc1.consul, DNS:localhost, IP Address:10.1.1.1, IP Address:127.0.0.1',
    );
    for (const purpose of ['sslserver', 'sslclient'])
      expect(verify('consul-agent-ca.pem', 'dc1-server-consul-0.pem', '-purpose', purpose).code).toBe(0);
    const named = ['-verify_hostname', 'n1.server.dc1.consul'];
    expect(verify('consul-agent-ca.pem', 'dc1-server-consul-0.pem', ...named).code).toBe(0);
    expect(
      verify('consul-agent-ca.pem', 'dc1-server-consul-0.pem', '-verify_hostname', 'n2.consul').code,
    ).toBe(2);
  });

  it('makes certificates for client agents and for the command line', () => {
    rollcall('cert', 'create', '-client', '-dc', 'eu');
    expect(shown('eu-client-consul-0.pem')).toMatch(
      /DNS:client\.eu\.consul, DNS:localhost, IP Address:127\.0\.0\.1/,
    );
    rollcall('cert', 'create', '-cli');
    const cli = shown('dc1-cli-consul-0.pem');
    expect(cli).toContain('DNS:cli.dc1.consul, DNS:localhost\n');
    expect(cli).not.toContain('Extended Key Usage');
    expect(verify('consul-agent-ca.pem', 'dc1-cli-consul-0.pem', '-purpose', 'sslclient').code).toBe(0);
  });

  it('signs with authorities that others made', () => {
    const usage = 'keyUsage=critical,keyCertSign';
    const make = (file: string, ...key: readonly string[]) =>
      openssl(
        'req',
        '-x509',
        '-nodes',
        '-newkey',
        ...key,
        '-subj',
        `/CN=${file}`,
        '-addext',
        usage,
        '-keyout',
        `${file}.key`,
        '-out',
        file,
      );
    make('rsa.pem', 'rsa:2048');
    make('ec.pem', 'ec', '-pkeyopt', 'ec_paramgen_curve:secp384r1');
    for (const [i, ca] of ['rsa.pem', 'ec.pem'].entries()) {
      expect(rollcall('cert', 'create', '-client', '-ca', ca, '-key', `${ca}.key`).code).toBe(0);
      expect(verify(ca, `dc1-client-consul-${i}.pem`).code).toBe(0);
    }
  });

  it.each([
    [[], 'Please provide either -server, -client, or -cli'],
    [['-server', '-cli'], 'Please provide either -server, -client, or -cli'],
    [['-client', '-node', 'n1'], '-node requires -server'],
    [['-client', '-ca', 'none.pem'], 'Error reading CA: open none.pem: no such file or directory'],
    [['-client', '-key', 'none.pem'], 'Error reading CA key: open none.pem: no such file or directory'],
    [['-client', '-additional-ipaddress', 'x'], 'invalid value "x" for flag -additional-ipaddress'],
    [['-client', '-days', '0'], 'invalid value "0" for flag -days'],
    [['-client', '-ca', 'consul-agent-ca-key.pem'], 'the certificate of the CA cannot be read'],
    [['-client', '-key', 'consul-agent-ca.pem'], 'the key of the CA cannot be read'],
  ])('refuses %j', (flags, why) => {
    const refused = rollcall('cert', 'create', ...flags);
    expect(refused.code).toBe(1);
    expect(refused.err).toContain(why);
    expect(fs.readdirSync(dir)).toHaveLength(2);
  });

  it('signs with no certificate that is no authority, and with no key of another one', () => {
    rollcall('cert', 'create', '-client');
    const leaf = ['-ca', 'dc1-client-consul-0.pem', '-key', 'dc1-client-consul-0-key.pem'];
    expect(rollcall('cert', 'create', '-cli', ...leaf).err).toContain('is not one of a CA');
    expect(rollcall('cert', 'create', '-cli', '-key', 'dc1-client-consul-0-key.pem').err).toContain(
      'does not belong',
    );
  });
});
