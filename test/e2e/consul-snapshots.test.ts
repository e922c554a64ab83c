/**
 * Snapshots between rollcall and a real Consul, both ways: what one saves the other restores, and shows the same.
 */
import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { afterAll, afterEach, describe, expect, test } from 'vitest';
import { hasConsul, startConsul } from '../support/consul-server.ts';
import { fillCatalog, shownCatalog } from '../support/filled-catalog.ts';
import { startAgent } from '../support/start-agent.ts';

const dir = fs.mkdtempSync(path.join(os.tmpdir(), 'rollcall-snapshots-'));
afterAll(() => fs.rmSync(dir, { recursive: true }));
const file = path.join(dir, 'catalog.snap');

const ends: (() => Promise<unknown>)[] = [];
afterEach(async () => {
  for (const end of ends.splice(0).reverse()) await end();
});

async function consul(node: string) {
  const server = await startConsul(node);
  ends.push(server.stop);
  return server;
}

async function rollcall() {
  const agent = await startAgent({ dataDir: fs.mkdtempSync(path.join(dir, 'data-')) });
  ends.push(() => agent.stop());
  return agent;
}

async function save(httpUrl: string): Promise<Buffer> {
  const response = await fetch(`${httpUrl}/v1/snapshot`);
  const bytes = Buffer.from(await response.arrayBuffer());
  fs.writeFileSync(file, bytes);
  return bytes;
}

async function restore(httpUrl: string, bytes: Buffer): Promise<string | null> {
  const response = await fetch(`${httpUrl}/v1/snapshot`, { method: 'PUT', body: new Uint8Array(bytes) });
  expect(await response.text()).toBe('');
  expect(response.status).toBe(200);
  return response.headers.get('X-Rollcall-Not-Taken');
}

describe.skipIf(!hasConsul)('a snapshot', () => {
  test('of Consul is restored here, shows the same, and what is not taken is named', async () => {
    const source = await consul('consul1');
    await fillCatalog(source.httpUrl);
    const target = await rollcall();
    const untaken = await restore(target.httpUrl, await save(source.httpUrl));
    expect(untaken).toMatch(/\b1 autopilot settings\b/);
    expect(untaken).toMatch(/\b1 CA roots\b/);
    expect(untaken).not.toMatch(/keys|nodes|sessions|queries|indexes/);
    expect(await shownCatalog(target.httpUrl)).toEqual(await shownCatalog(source.httpUrl));
  });

  test('of ours is looked into and restored by Consul, and shows the same', async () => {
    const source = await rollcall();
    await fillCatalog(source.httpUrl);
    await save(source.httpUrl);
    const target = await consul('consul2');
    expect(target.run('snapshot', 'inspect', file)).toMatch(/Version +1\n/);
    expect(target.run('snapshot', 'restore', file)).toBe('Restored snapshot\n');
    expect(await shownCatalog(target.httpUrl)).toEqual(await shownCatalog(source.httpUrl));
    expect(target.output()).not.toContain('panic');
  });

  test('goes to Consul and comes back with everything', async () => {
    const source = await rollcall();
    await fillCatalog(source.httpUrl);
    await save(source.httpUrl);
    const between = await consul('consul3');
    between.run('snapshot', 'restore', file);
    const target = await rollcall();
    await restore(target.httpUrl, await save(between.httpUrl));
    expect(await shownCatalog(target.httpUrl)).toEqual(await shownCatalog(source.httpUrl));
  });
});
