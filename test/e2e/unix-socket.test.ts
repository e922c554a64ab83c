/** HTTP on the file of a UNIX socket, beside TCP, as local programs use it. */
import fs from 'node:fs';
import http from 'node:http';
import os from 'node:os';
import path from 'node:path';
import { afterAll, expect, test } from 'vitest';
import { startAgent } from '../support/start-agent.ts';

const folder = fs.mkdtempSync(path.join(os.tmpdir(), 'rollcall-socket-'));
const socketPath = path.join(folder, 'http.sock');
afterAll(() => fs.rmSync(folder, { recursive: true, force: true }));

function get(url: string): Promise<string> {
  return new Promise((resolve, reject) => {
    const request = http.get({ socketPath, path: url }, (response) => {
      let body = '';
      response.setEncoding('utf8').on('data', (chunk: string) => {
        body += chunk;
      });
      response.on('end', () => resolve(body));
    });
    request.on('error', reject);
  });
}

test('answers there, after a kill too, and leaves no file behind', async () => {
  const config = { addresses: { http: `127.0.0.1 unix://${socketPath}` } };
  const killed = await startAgent({ config });
  expect(killed.output()).toContain(`unix://${socketPath}`);
  expect(await get('/v1/catalog/datacenters')).toContain('dc1');
  await killed.kill();
  expect(fs.existsSync(socketPath)).toBe(true);
  const agent = await startAgent({ config });
  expect(await get('/v1/catalog/datacenters')).toContain('dc1');
  expect(await agent.stop()).toBe(0);
  expect(fs.existsSync(socketPath)).toBe(false);
});
