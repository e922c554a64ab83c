/**
 * Who reads the log may lose the right to: then the stream ends, and nothing that is written later is told.
 */
import { afterEach, describe, expect, test } from 'vitest';
import type { LogStream } from '../../../src/http/http-parts.ts';
import { type AclServer, ROOT, startAclServer } from '../../support/acl-server.ts';

const RULES = 'agent_prefix "" { policy = "read" }';

let server: AclServer;
let write: ((line: string) => void) | undefined;

const logStream: LogStream = {
  subscribe: (_level, _isJson, onLine) => {
    write = onLine;
    return () => {
      write = undefined;
    };
  },
};

afterEach(() => server.app.close());

/** Start to read the log; what comes is gathered until the stream ends. */
async function reading(secret: string): Promise<{ readonly rest: Promise<string> }> {
  const url = await server.app.listen({ host: '127.0.0.1', port: 0 });
  const asked = fetch(`${url}/v1/agent/monitor`, { headers: { 'X-Consul-Token': secret } });
  await expect.poll(() => write).toBeDefined();
  write?.('allowed');
  return { rest: asked.then((answer) => answer.text()) };
}

async function accessorOf(secret: string): Promise<string> {
  return ((await server.as(secret).get('/v1/acl/token/self')).json() as { AccessorID: string }).AccessorID;
}

describe('the log is told no further', () => {
  test('once the token is deleted', async () => {
    server = await startAclServer({ logStream });
    const secret = await server.grant(RULES);
    const { rest } = await reading(secret);
    await server.as(ROOT).delete(`/v1/acl/token/${await accessorOf(secret)}`);
    expect(await rest).toBe('allowed\n');
    expect(write).toBeUndefined();
  });

  test('once its policy gives less', async () => {
    server = await startAclServer({ logStream });
    const secret = await server.grant(RULES);
    const { rest } = await reading(secret);
    const { Policies } = (await server.as(secret).get('/v1/acl/token/self')).json() as {
      Policies: { ID: string; Name: string }[];
    };
    const { ID, Name } = Policies[0] as { ID: string; Name: string };
    await server.as(ROOT).put(`/v1/acl/policy/${ID}`, { ID, Name, Rules: '' });
    expect(await rest).toBe('allowed\n');
  });

  test('once the token is over, which nothing tells of', async () => {
    server = await startAclServer({ logStream });
    const { ID } = (await server.as(ROOT).put('/v1/acl/policy', { Name: 'log', Rules: RULES })).json() as {
      ID: string;
    };
    const made = await server.as(ROOT).put('/v1/acl/token', { Policies: [{ ID }], ExpirationTTL: '1m' });
    const { rest } = await reading((made.json() as { SecretID: string }).SecretID);
    await server.clock.advanceAndSettle(61_000);
    expect(await rest).toBe('allowed\n');
  });
});

test('the log goes on while rows of others change', async () => {
  server = await startAclServer({ logStream });
  const { rest } = await reading(await server.grant(RULES));
  const other = await server.grant('');
  await server.as(ROOT).delete(`/v1/acl/token/${await accessorOf(other)}`);
  await server.clock.advanceAndSettle(5_000);
  write?.('still allowed');
  const over = server.app.close();
  expect(await rest).toBe('allowed\nstill allowed\n');
  await over;
});

test.each(['', '&values=false'])(
  'a stream of changes tells nothing of them to a token that was deleted, and ends %s',
  async (how) => {
    server = await startAclServer();
    const secret = await server.grant('key_prefix "" { policy = "read" }');
    await server.as(ROOT).put('/v1/kv/a', 'before');
    const url = await server.app.listen({ host: '127.0.0.1', port: 0 });
    const stream = await fetch(`${url}/v1/stream?topics=kv:a${how}`, {
      headers: { 'X-Consul-Token': secret },
    });
    const reader = (stream.body as ReadableStream<Uint8Array>)
      .pipeThrough(new TextDecoderStream())
      .getReader();
    let told = '';
    const read = async (): Promise<boolean> => {
      const { done, value = '' } = await reader.read();
      told += value;
      return !done;
    };
    while (!told.includes('event: snapshot') && (await read()));
    await server.as(ROOT).delete(`/v1/acl/token/${await accessorOf(secret)}`);
    await server.as(ROOT).put('/v1/kv/a', 'secret afterwards');
    while (await read()) if (told.includes('event: end')) break;
    expect(told).toContain('ACL not found');
    expect(told).not.toContain('event: change');
    expect(told).not.toContain(Buffer.from('secret afterwards').toString('base64'));
  },
);
