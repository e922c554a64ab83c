/**
 * The Debian package on a root file system that has nothing else: the C library, a shell, and what is in the package.
 */
import { execFileSync, spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { freePort } from '../support/free-port.ts';
import { describeWith } from '../support/needs-program.ts';
import { readSource, repositoryDir, sourceFiles } from '../support/source-files.ts';

const scratch = fs.mkdtempSync(path.join(os.tmpdir(), 'rollcall-debian-'));
const root = path.join(scratch, 'root');
const { version } = JSON.parse(readSource('package.json')) as { readonly version: string };

const run = (program: string, ...args: readonly string[]): string =>
  execFileSync(program, args, { encoding: 'utf8', stdio: ['ignore', 'pipe', 'pipe'] });

/** A checkout that building may write into. */
function copyCheckout(to: string): void {
  for (const file of sourceFiles('*')) {
    fs.mkdirSync(path.dirname(path.join(to, file)), { recursive: true });
    fs.copyFileSync(path.join(repositoryDir, file), path.join(to, file));
  }
  fs.symlinkSync(path.join(repositoryDir, 'node_modules'), path.join(to, 'node_modules'));
}

/** What the package depends on, and a shell: the files that the programs of both link to. */
function addSystem(): void {
  const sh = fs.realpathSync('/bin/sh');
  const linked = run('ldd', path.join(root, 'usr/lib/rollcall/node'), sh).match(/\/\S+(?= \(0x)/g) ?? [];
  for (const file of new Set(
    [...linked, '/lib64/ld-linux-x86-64.so.2'].filter((each) => fs.existsSync(each)),
  )) {
    fs.mkdirSync(path.dirname(path.join(root, file)), { recursive: true });
    fs.copyFileSync(fs.realpathSync(file), path.join(root, file));
  }
  fs.mkdirSync(path.join(root, 'bin'), { recursive: true });
  fs.copyFileSync(sh, path.join(root, 'bin/sh'));
  fs.mkdirSync(path.join(root, 'tmp'));
}

describeWith('dpkg-deb', 'the Debian package', () => {
  let file = '';
  beforeAll(() => {
    const checkout = path.join(scratch, 'checkout');
    copyCheckout(checkout);
    const env = { ...process.env, SOURCE_DATE_EPOCH: '1700000000', DEB_COMPRESSION: 'none' };
    execFileSync(process.execPath, [path.join(checkout, 'deploy/debian/build.mjs'), scratch], {
      env,
      stdio: 'pipe',
    });
    file = fs.readdirSync(scratch).find((name) => name.endsWith('.deb')) ?? '';
    run('dpkg-deb', '-x', path.join(scratch, file), root);
    addSystem();
  }, 120_000);
  afterAll(() => fs.rmSync(scratch, { recursive: true }));

  test('says what it is and needs', () => {
    const field = (name: string): string => run('dpkg-deb', '-f', path.join(scratch, file), name).trim();
    expect([field('Package'), field('Version')]).toEqual(['rollcall', version]);
    expect(field('Depends')).toMatch(/^libc6 /);
    expect(field('Recommends')).toBe('etcd-server');
  });

  test('holds a service that starts it, a manual page, and binaries of its own architecture alone', () => {
    const unit = fs.readFileSync(path.join(root, 'usr/lib/systemd/system/rollcall.service'), 'utf8');
    expect(unit).toMatch(
      /^ExecStart=\/usr\/bin\/rollcall agent -data-dir=\/var\/lib\/rollcall -config-dir=\/etc\/rollcall\.d$/m,
    );
    expect(fs.existsSync(path.join(root, 'usr/share/man/man1/rollcall.1.gz'))).toBe(true);
    const files = fs.readdirSync(path.join(root, 'usr/lib/rollcall'), { recursive: true, encoding: 'utf8' });
    const binaries = files.filter((name) => name.endsWith('.node')).map((name) => path.basename(name));
    expect(new Set(binaries)).toEqual(new Set([`linux-${process.arch}.node`]));
    expect(files.filter((name) => /\.(?:ts|map|c|cc|cpp|gyp)$/.test(name))).toEqual([]);
  });

  test('belongs to root, and nobody else may write', () => {
    const lines = run('dpkg-deb', '-c', path.join(scratch, file)).trim().split('\n');
    expect(lines.filter((line) => !/^[-dl]..[-x]?.[-x]?.*root\/root/.test(line))).toEqual([]);
    expect(lines.filter((line) => !line.startsWith('l') && /^.{5}w|^.{8}w/.test(line))).toEqual([]);
  });

  test.skipIf(process.getuid?.() !== 0)('runs an agent where nothing else is', async () => {
    expect(run('chroot', root, '/usr/bin/rollcall', 'version')).toContain(version);
    const [http, dns] = [await freePort(), await freePort()];
    const flags = [
      `-http-port=${http}`,
      `-dns-port=${dns}`,
      '-data-dir=/tmp/data',
      '-config-dir=/etc/rollcall.d',
    ];
    const agent = spawn(
      'chroot',
      [root, '/usr/bin/rollcall', 'agent', ...flags, '-node=n1', '-bind=127.0.0.1'],
      {
        stdio: ['ignore', 'pipe', 'pipe'],
      },
    );
    let said = '';
    for (const stream of [agent.stdout, agent.stderr])
      stream.on('data', (text: Buffer) => {
        said += text.toString();
      });
    try {
      const page = async () => fetch(`http://127.0.0.1:${http}/ui/`).catch(() => undefined);
      for (let tries = 0; tries < 200 && (await page())?.status !== 200; tries += 1) await delay(50);
      expect([(await page())?.status, said]).toEqual([200, expect.any(String)]);
      const put = { method: 'PUT', body: '{"Name":"web","Port":80}' };
      expect((await fetch(`http://127.0.0.1:${http}/v1/agent/service/register`, put)).status).toBe(200);
      const shown = spawnSync('chroot', [
        root,
        '/usr/bin/rollcall',
        'catalog',
        'services',
        `-http-addr=127.0.0.1:${http}`,
      ]);
      expect(shown.stdout.toString()).toMatch(/^web$/m);
    } finally {
      const ended = once(agent, 'exit');
      agent.kill('SIGTERM');
      await ended;
    }
    expect(said).not.toMatch(/fallback|does not load/i);
  });
});
