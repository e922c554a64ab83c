/**
 * Three real servers that know each other by certificates of files: none of them, and no etcd of theirs, talks to whoever has a
 * certificate of the authority that is not for a server, and other certificates are taken while they run.
 */
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import tls from 'node:tls';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { systemClock } from '../../src/lib/clock.ts';
import { RpcConnection } from '../../src/rpc/rpc-connection.ts';
import { askServer, askUntil } from '../support/ask-cluster.ts';
import { type ServerPlace, ServerProcess } from '../support/faults/server-process.ts';
import { type MadeAuthority, makeAuthority } from '../support/made-certificates.ts';
import { describeWith } from '../support/needs-program.ts';

const ADDRESSES = ['127.15.4.1', '127.15.4.2', '127.15.4.3'];
const SERVER_NAME = 'server.dc1.consul';
let folder = '';
let authority: MadeAuthority;
let servers: readonly ServerProcess[] = [];

const file = (name: string): string => path.join(folder, name);
const write = (name: string, text: string): void => fs.writeFileSync(file(name), text);

async function giveCertificate(address: string): Promise<void> {
  const names = { dnsNames: [SERVER_NAME, 'localhost'], ipAddresses: [address, '127.0.0.1'] };
  const { certificate, key } = await authority.sign(names);
  write(`${address}.pem`, certificate);
  write(`${address}.key`, key);
}

const CLIENT = '127.15.4.9';

function configOf(address: string): string {
  return JSON.stringify({
    ...(address === CLIENT ? {} : { bootstrap_expect: 3 }),
    verify_incoming: true,
    verify_outgoing: true,
    verify_server_hostname: true,
    ca_file: file('ca.pem'),
    cert_file: file(`${address}.pem`),
    key_file: file(`${address}.key`),
    retry_join: ADDRESSES,
  });
}

/** An agent that is no server. */
function startClient({ name, address, dataDir, args }: ServerPlace): ChildProcess {
  const own = ['-node', name, '-bind', address, '-client', address, '-data-dir', dataDir];
  return spawn(process.execPath, ['bin/rollcall.js', 'agent', ...own, ...args], { stdio: 'ignore' });
}

/** The serial number of the certificate that a port shows, to who has one for a server. */
async function shownAt(port: number): Promise<string> {
  const [address = ''] = ADDRESSES;
  const socket = tls.connect({
    host: address,
    port,
    ca: authority.certificate,
    cert: fs.readFileSync(file(`${address}.pem`)),
    key: fs.readFileSync(file(`${address}.key`)),
    ALPNProtocols: ['h2'],
    servername: SERVER_NAME,
  });
  return new Promise((resolve, reject) => {
    socket.on('error', reject);
    socket.once('secureConnect', () => {
      resolve(socket.getPeerCertificate().serialNumber);
      socket.destroy();
    });
  });
}

describeWith('etcd', 'three servers with certificates', () => {
  beforeAll(async () => {
    folder = fs.mkdtempSync(path.join(os.tmpdir(), 'rollcall-tls-servers-'));
    authority = await makeAuthority();
    write('ca.pem', authority.certificate);
    for (const address of ADDRESSES) {
      await giveCertificate(address);
      write(`${address}.json`, configOf(address));
    }
    servers = ADDRESSES.map(
      (address, i) =>
        new ServerProcess({
          name: `s${i + 1}`,
          address,
          dataDir: file(`s${i + 1}`),
          args: ['-config-file', file(`${address}.json`)],
        }),
    );
    for (const server of servers) server.start();
    for (const { httpUrl } of servers)
      await askUntil(`${httpUrl}/v1/status/leader`, ({ text }) => text.includes(':8300'));
  });
  afterAll(async () => {
    await Promise.all(servers.map((server) => server.kill()));
    fs.rmSync(folder, { recursive: true, force: true });
  });

  test('show a write on any of them to a read on any other', async () => {
    for (const [i, writer] of servers.entries()) {
      const put = () => askServer(`${writer.httpUrl}/v1/kv/k${i}`, 'PUT');
      await expect.poll(async () => (await put()).text, { timeout: 10_000 }).toBe('true');
      for (const reader of servers)
        expect((await askServer(`${reader.httpUrl}/v1/kv/k${i}?consistent`)).status).toBe(200);
    }
  });

  test('talk to nobody without a certificate, and to no server that has the one of a client', async () => {
    const [host = ''] = ADDRESSES;
    const client = await authority.sign({ dnsNames: ['client.dc1.consul'] });
    const strangers = await makeAuthority();
    const stranger = await strangers.sign({ dnsNames: [SERVER_NAME] });
    const identities = [
      undefined,
      { ...stranger, authorities: authority.certificate },
      { ...client, authorities: strangers.certificate },
    ];
    for (const identity of identities) {
      const connection = new RpcConnection({ address: { host, port: 8300 }, identity, clock: systemClock });
      const end = await connection.call('introduce', {}, { timeoutMs: 2_000 });
      connection.close();
      expect(['unsent', 'unknown']).toContain(end.kind);
    }
  });

  test('keep their etcd from who has a certificate that is not for a server', async () => {
    const [host = ''] = ADDRESSES;
    const client = await authority.sign({ dnsNames: ['client.dc1.consul'], ipAddresses: [host] });
    const ended = await new Promise<string>((resolve) => {
      const socket = tls.connect({
        host,
        port: 2380,
        ca: authority.certificate,
        cert: client.certificate,
        key: client.key,
        ALPNProtocols: ['http/1.1'],
      });
      socket.once('secureConnect', () => socket.write('GET /version HTTP/1.1\r\nHost: etcd\r\n\r\n'));
      socket.once('data', (octets: Buffer) => resolve(`answered ${octets.toString()}`));
      socket.on('error', () => resolve('refused')).on('close', () => resolve('refused'));
    });
    expect(ended).toBe('refused');
  });

  test('take a client agent that has a certificate', async () => {
    const { certificate, key } = await authority.sign({ dnsNames: ['client.dc1.consul'] });
    write(`${CLIENT}.pem`, certificate);
    write(`${CLIENT}.key`, key);
    write(`${CLIENT}.json`, configOf(CLIENT));
    const httpUrl = `http://${CLIENT}:8500`;
    const place = {
      name: 'c1',
      address: CLIENT,
      dataDir: file('c1'),
      args: ['-config-file', file(`${CLIENT}.json`)],
    };
    const client = startClient(place);
    try {
      await askUntil(`${httpUrl}/v1/kv/?keys`, ({ text }) => text.includes('k0'));
      const body = JSON.stringify({ Name: 'web', Port: 80 });
      expect((await askServer(`${httpUrl}/v1/agent/service/register`, 'PUT', body)).status).toBe(200);
      await askUntil(`${servers[1]?.httpUrl}/v1/catalog/service/web`, ({ text }) =>
        text.includes('"Node":"c1"'),
      );
    } finally {
      client.kill('SIGKILL');
      await once(client, 'exit');
    }
  });

  test('show other certificates after a reload, and go on', async () => {
    const [address = ''] = ADDRESSES;
    const before = [await shownAt(8300), await shownAt(2380)];
    await giveCertificate(address);
    const [server] = servers as [ServerProcess];
    expect((await askServer(`${server.httpUrl}/v1/agent/reload`, 'PUT')).status).toBe(200);
    await expect.poll(() => shownAt(8300)).not.toBe(before[0]);
    await expect.poll(() => shownAt(2380)).not.toBe(before[1]);
    expect((await askServer(`${server.httpUrl}/v1/kv/after`, 'PUT')).text).toBe('true');
  });
});
