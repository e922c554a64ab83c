/**
 * HTTPS of a real agent with real clients: curl over both protocols, reload by signal and by changed files, an agent that
 * speaks nothing else, and the program's own flags and variables.
 */
import { type ChildProcess, execFile, spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import tls from 'node:tls';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { freePort } from '../support/free-port.ts';
import { describeWith } from '../support/needs-program.ts';
import { type RunningAgent, startAgent } from '../support/start-agent.ts';
import { certFile, pem } from '../support/test-certificates.ts';

const LAUNCHER = fileURLToPath(new URL('../../bin/rollcall.js', import.meta.url));
const run = promisify(execFile);
let dir = '';
let agent: RunningAgent | undefined;
let port = 0;

const put = (name: string, from: string): void => fs.copyFileSync(certFile(from), path.join(dir, name));

async function start(more: object = {}): Promise<void> {
  const [http, dns] = [await freePort(), await freePort()];
  port = await freePort();
  agent = await startAgent({
    ports: { http, dns },
    config: {
      ports: { http, dns, https: port },
      ca_file: certFile('ca'),
      cert_file: path.join(dir, 'cert.pem'),
      key_file: path.join(dir, 'key.pem'),
      ...more,
    },
  });
}

beforeEach(() => {
  dir = fs.mkdtempSync(path.join(os.tmpdir(), 'rollcall-https-'));
  put('cert.pem', 'server');
  put('key.pem', 'server-key');
});
afterEach(async () => {
  await agent?.stop();
  agent = undefined;
  fs.rmSync(dir, { recursive: true, force: true });
});

async function curl(...args: readonly string[]): Promise<string> {
  const { stdout } = await run('curl', [
    '-sS',
    '--cacert',
    certFile('ca'),
    '--resolve',
    `localhost:${port}:127.0.0.1`,
    ...args,
  ]);
  return stdout;
}

/** Names in the certificate that a new connection is shown. */
async function namesShown(): Promise<string> {
  const socket = tls.connect({ port, host: '127.0.0.1', servername: 'localhost', ca: pem('ca') });
  await once(socket, 'secureConnect');
  const { subjectaltname = '' } = socket.getPeerCertificate();
  socket.destroy();
  return subjectaltname;
}

describeWith('curl', 'curl over HTTPS', () => {
  it('is answered over HTTP/2 and HTTP/1.1, sends bodies of unknown length, and is compressed for', async () => {
    await start();
    const url = `https://localhost:${port}/v1`;
    const format = ['-w', ' %{http_version} %{http_code}'];
    expect(await curl(...format, `${url}/status/leader`)).toMatch(/^"127\.0\.0\.1:8300"\s+2 200$/);
    expect(await curl('--http1.1', ...format, `${url}/status/leader`)).toMatch(/ 1\.1 200$/);
    const file = path.join(dir, 'body');
    fs.writeFileSync(file, 'x'.repeat(100_000));
    for (const protocol of ['--http2', '--http1.1']) {
      await curl(
        protocol,
        '-X',
        'PUT',
        '-H',
        'Transfer-Encoding: chunked',
        '-T',
        file,
        `${url}/kv/${protocol}`,
      );
      expect(await curl(protocol, '--compressed', `${url}/kv/${protocol}?raw`)).toHaveLength(100_000);
    }
  });

  it('shows other certificates after a reload by signal, on new connections only', async () => {
    await start();
    const kept = tls.connect({ port, host: '127.0.0.1', servername: 'localhost', ca: pem('ca') });
    await once(kept, 'secureConnect');
    put('cert.pem', 'server-n1');
    put('key.pem', 'server-n1-key');
    process.kill(agent?.pid ?? 0, 'SIGHUP');
    await expect.poll(namesShown).toContain('n1.server.dc1.consul');
    kept.write('GET /v1/status/leader HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n');
    expect(String((await once(kept, 'data'))[0])).toContain('200 OK');
  });

  it('shows other certificates when the files change, where the configuration is watched', async () => {
    await start({ auto_reload_config: true });
    put('cert.pem', 'server-n1');
    put('key.pem', 'server-n1-key');
    await expect.poll(namesShown, { timeout: 4_000 }).toContain('n1.server.dc1.consul');
  });

  it('tells when the certificate ends', async () => {
    await start();
    const metrics = await curl(`https://localhost:${port}/metrics`);
    const [, seconds] = /^rollcall_tls_certificate_seconds\{interface="https"\} (\S+)$/m.exec(metrics) ?? [];
    expect(Number(seconds)).toBeGreaterThan(90 * 365 * 86_400);
  });
});

/** Start an agent that speaks nothing but HTTPS, to clients with a certificate; resolves once it answers. */
async function startSecureOnly(strict: boolean): Promise<void> {
  const seen = path.join(dir, 'seen');
  fs.writeFileSync(
    path.join(dir, 'agent.json'),
    JSON.stringify({
      ports: { http: -1, dns: -1, https: port },
      ca_file: certFile('ca'),
      cert_file: path.join(dir, 'cert.pem'),
      key_file: path.join(dir, 'key.pem'),
      verify_incoming: true,
      verify_outgoing: strict,
      watches: [{ type: 'key', key: 'a', args: ['sh', '-c', `cat > ${seen}`] }],
    }),
  );
  const child = spawn(
    process.execPath,
    [LAUNCHER, 'agent', '-dev', '-config-file', path.join(dir, 'agent.json')],
    {
      stdio: 'ignore',
    },
  );
  secureOnly = child;
  const client = ['--cert', certFile('client'), '--key', certFile('client-key')];
  const url = `https://localhost:${port}/v1`;
  await expect
    .poll(() => curl(...client, `${url}/status/leader`).catch(() => ''), { timeout: 5_000 })
    .toContain('8300');
  await curl(...client, '-X', 'PUT', '-d', 'x', `${url}/kv/a`);
  await expect
    .poll(() => fs.existsSync(seen) && fs.readFileSync(seen, 'utf8'), { timeout: 5_000 })
    .toContain('"Key":"a"');
}

let secureOnly: ChildProcess | undefined;

describeWith('curl', 'an agent that speaks HTTPS only', () => {
  it.each([false, true])(
    'runs its own watches over it, and ends in good order (looking at the certificate: %s)',
    async (strict) => {
      port = await freePort();
      await startSecureOnly(strict);
      const began = performance.now();
      secureOnly?.kill('SIGTERM');
      const [code] = (await once(secureOnly as ChildProcess, 'exit')) as [number];
      expect(code).toBe(0);
      expect(performance.now() - began).toBeLessThan(2_500);
    },
  );
});

describeWith('curl', 'the program over HTTPS', () => {
  const rollcall = (env: Record<string, string>, ...args: readonly string[]) => {
    const { status, stdout, stderr } = spawnSync(process.execPath, [LAUNCHER, ...args], {
      encoding: 'utf8',
      env: { ...process.env, ...env },
    });
    return { code: status, text: stdout + stderr };
  };

  it('takes its authority, certificate and name from variables and flags', async () => {
    await start({ verify_incoming_https: true });
    const address = { CONSUL_HTTP_ADDR: `127.0.0.1:${port}`, CONSUL_HTTP_SSL: 'true' };
    const own = { CONSUL_CLIENT_CERT: certFile('client'), CONSUL_CLIENT_KEY: certFile('client-key') };
    const ca = { CONSUL_CACERT: certFile('ca') };
    expect(rollcall({ ...address, ...ca, ...own }, 'kv', 'put', 'a', '1').code).toBe(0);
    const flags = [
      '-ca-file',
      certFile('ca'),
      '-client-cert',
      certFile('client'),
      '-client-key',
      certFile('client-key'),
    ];
    expect(rollcall(address, 'kv', 'get', ...flags, 'a')).toEqual({ code: 0, text: '1\n' });
    const named = rollcall({ ...address, ...ca, ...own }, 'members', '-tls-server-name', 'server.dc1.consul');
    expect(named.code).toBe(0);
    expect(rollcall({ ...address, ...ca, ...own }, 'members', '-tls-server-name', 'other.example').code).toBe(
      1,
    );
    expect(rollcall({ ...address, ...ca }, 'members').code).toBe(1);
    expect(rollcall({ ...address, ...own }, 'members').text).toMatch(/certificate/);
    expect(rollcall({ ...address, ...own, CONSUL_HTTP_SSL_VERIFY: 'false' }, 'members').code).toBe(0);
  });
});
