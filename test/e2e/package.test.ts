/**
 * What `npm pack` makes works without the checkout: installed beside its run-time packages and nothing else, it
 * starts an agent. The package is made from a copy, so that the checkout's own dist/ stays as it is.
 */
import { execFileSync, spawnSync } from 'node:child_process';
import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { decoded, queryPacket } from '../support/dns-rig.ts';
import { askUdp } from '../support/dns-sockets.ts';
import { readSource, repositoryDir, sourceFiles } from '../support/source-files.ts';
import { startAgent } from '../support/start-agent.ts';

const scratch = fs.mkdtempSync(path.join(os.tmpdir(), 'rollcall-package-'));
const installed = path.join(scratch, 'node_modules', 'rollcall');
const launcher = path.join(installed, 'bin', 'rollcall.js');
const manifest = JSON.parse(readSource('package.json')) as {
  readonly version: string;
  readonly dependencies: Readonly<Record<string, string>>;
};

function copyCheckout(to: string): void {
  for (const file of sourceFiles('*')) {
    fs.mkdirSync(path.dirname(path.join(to, file)), { recursive: true });
    fs.copyFileSync(path.join(repositoryDir, file), path.join(to, file));
  }
  fs.symlinkSync(path.join(repositoryDir, 'node_modules'), path.join(to, 'node_modules'));
}

beforeAll(() => {
  const checkout = path.join(scratch, 'checkout');
  copyCheckout(checkout);
  execFileSync('npm', ['pack', '--pack-destination', scratch], { cwd: checkout, stdio: 'pipe' });
  fs.mkdirSync(installed, { recursive: true });
  const archive = path.join(scratch, `rollcall-${manifest.version}.tgz`);
  execFileSync('tar', ['-xzf', archive, '-C', installed, '--strip-components=1']);
  for (const name of Object.keys(manifest.dependencies)) {
    const link = path.join(scratch, 'node_modules', name);
    fs.mkdirSync(path.dirname(link), { recursive: true });
    fs.symlinkSync(path.join(repositoryDir, 'node_modules', name), link);
  }
});
afterAll(() => fs.rmSync(scratch, { recursive: true }));

test('holds the built program, its licence and its readme, and no source', () => {
  const top = fs.readdirSync(installed).sort();
  expect(top).toEqual([
    'CHANGELOG.md',
    'LICENSE',
    'README.md',
    'bin',
    'dist',
    'native',
    'npm-shrinkwrap.json',
    'package.json',
  ]);
  expect(fs.existsSync(path.join(installed, 'dist', 'cli', 'main.js'))).toBe(true);
});

test('pins the versions of its run-time packages, and none of the others', () => {
  const pinned = JSON.parse(fs.readFileSync(path.join(installed, 'npm-shrinkwrap.json'), 'utf8')) as {
    packages: Record<string, { version: string }>;
  };
  for (const [name, version] of Object.entries(manifest.dependencies))
    expect(pinned.packages[`node_modules/${name}`]?.version).toBe(version);
  expect(pinned.packages['node_modules/vitest']).toBeUndefined();
  expect(fs.existsSync(path.join(repositoryDir, 'npm-shrinkwrap.json'))).toBe(false);
});

test('asks nobody about scripts, and is small', () => {
  const published = JSON.parse(fs.readFileSync(path.join(installed, 'package.json'), 'utf8')) as object;
  expect(published).toMatchObject({ name: 'rollcall', dependencies: manifest.dependencies });
  for (const field of ['scripts', 'devDependencies', 'allowScripts', 'overrides'])
    expect(published).not.toHaveProperty(field);
  const archive = path.join(scratch, `rollcall-${manifest.version}.tgz`);
  expect(fs.statSync(archive).size).toBeLessThan(1_500_000);
  const checkout = fs.readFileSync(path.join(scratch, 'checkout', 'package.json'), 'utf8');
  expect(checkout).toBe(readSource('package.json'));
});

/** A Node of this machine that is too old, if there is one. */
const oldNode = (process.env['PATH'] ?? '')
  .split(':')
  .map((folder) => path.join(folder, 'node'))
  .find(
    (node) =>
      fs.existsSync(node) && /^v(?:1\d|20)\./.test(execFileSync(node, ['--version'], { encoding: 'utf8' })),
  );

test.skipIf(oldNode === undefined)('on an old Node says what whoever installed it can do', () => {
  const { status, stderr } = spawnSync(oldNode ?? '', [launcher, 'version'], { encoding: 'utf8' });
  expect(status).toBe(1);
  expect(stderr).toMatch(
    /^rollcall: needs Node 22\.18 or newer, this is v\d+.*"npm install node@24" beside this package\n$/,
  );
});

test('brings a manual page', () => {
  expect(fs.readFileSync(path.join(installed, 'dist', 'rollcall.1'), 'utf8')).toMatch(/^\.TH ROLLCALL 1 /);
});

test('brings the libraries of native/ that are committed, and not their source', () => {
  const committed = sourceFiles('native/*.node').map((file) => path.basename(file));
  expect(committed.length).toBeGreaterThan(0);
  expect(fs.readdirSync(path.join(installed, 'native')).sort()).toEqual(committed.sort());
});

test('says its version', () => {
  const said = execFileSync(process.execPath, [launcher, 'version'], { encoding: 'utf8' });
  expect(said).toContain(manifest.version);
});

test('runs an agent that keeps its data', async () => {
  const dataDir = path.join(scratch, 'data');
  const agent = await startAgent({ launcher, dataDir });
  const nodes = (await (await fetch(`${agent.httpUrl}/v1/catalog/nodes`)).json()) as unknown[];
  expect(nodes).toHaveLength(1);
  expect(await agent.stop()).toBe(0);
});

test('brings its threads: a check passes, and a DNS thread answers', async () => {
  const agent = await startAgent({ launcher, config: { dns_config: { threads: 1 } } });
  const Check = { HTTP: `${agent.httpUrl}/v1/status/leader`, Interval: '1s' };
  const body = JSON.stringify({ Name: 'web', Address: '10.0.0.5', Check });
  await fetch(`${agent.httpUrl}/v1/agent/service/register`, { method: 'PUT', body });
  const answer = async (): Promise<readonly string[]> => {
    const reply = await askUdp(agent.dnsPort, queryPacket('web.service.consul', 'A'));
    return reply ? decoded(reply).answer : [];
  };
  await expect.poll(answer, { timeout: 5_000 }).toEqual(['web.service.consul. 0 IN A 10.0.0.5']);
  expect(await agent.stop()).toBe(0);
});

test('serves the web page that it brings', async () => {
  const agent = await startAgent({ launcher });
  const page = await fetch(`${agent.httpUrl}/ui/`);
  const html = await page.text();
  const script = /src="([^"]+\.js)"/.exec(html)?.[1] ?? '';
  const answer = await fetch(new URL(script, `${agent.httpUrl}/ui/`));
  expect([page.status, answer.status]).toEqual([200, 200]);
  expect((await answer.text()).length).toBeGreaterThan(10_000);
  expect(await agent.stop()).toBe(0);
});
