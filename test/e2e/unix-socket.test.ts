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
  await expect.poll(() => killed.output()).toContain(`unix://${socketPath}`); // said once it answers
  expect(await get('/v1/catalog/datacenters')).toContain('dc1');
  await killed.kill();
  expect(fs.existsSync(socketPath)).toBe(true);
  const agent = await startAgent({ config });
  expect(await get('/v1/catalog/datacenters')).toContain('dc1');
  expect(await agent.stop()).toBe(0);
  expect(fs.existsSync(socketPath)).toBe(false);
});

test('gives the file the owner and the mode that it is told', async () => {
  const { uid, gid } = fs.statSync(folder);
  const rights = { user: String(uid), group: String(gid), mode: '0660' };
  const config = { addresses: { http: `127.0.0.1 unix://${socketPath}` }, unix_sockets: rights };
  const agent = await startAgent({ config });
  expect(fs.statSync(socketPath)).toMatchObject({ uid, gid });
  expect((fs.statSync(socketPath).mode & 0o7777).toString(8)).toBe('660');
  expect(await get('/v1/catalog/datacenters')).toContain('dc1');
  await agent.stop();
});

test.each([
  [{ user: 'nobody-knows-me' }, 'there is no user "nobody-knows-me"'],
  [{ group: 'staff' }, 'invalid group specified: "staff" (NOTE: must be numeric)'],
  [{ mode: 'rw-rw----' }, 'must be octal digits'],
])('is not opened with rights that cannot be: %j', async (rights, why) => {
  const config = { addresses: { http: `127.0.0.1 unix://${socketPath}` }, unix_sockets: rights };
  await expect(startAgent({ config })).rejects.toThrow(why);
});
