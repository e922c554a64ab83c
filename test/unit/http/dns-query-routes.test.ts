import { once } from 'node:events';
import https from 'node:https';
import net from 'node:net';
import { afterEach, describe, expect, it } from 'vitest';
import { startHttp, type TestServer } from '../../support/http-server.ts';
import { pem, secureSettings } from '../../support/test-certificates.ts';

const message = Buffer.from('000001000001000000000000036e6f6e650000010001', 'hex');
const closing: (() => unknown)[] = [];
let port = 0;
let asked: { readonly message: string; readonly from: string }[] = [];
afterEach(async () => {
  for (const close of closing.splice(0).reverse()) await close();
});

async function start(): Promise<TestServer> {
  asked = [];
  const server = await startHttp(
    {},
    {
      answerDns: async (question, from) => {
        asked.push({ message: Buffer.from(question).toString('hex'), from });
        return question.length > 20 ? { message: Buffer.from('reply'), freshSeconds: 5 } : undefined;
      },
    },
  );
  const door = server.openSecureDoor(secureSettings());
  const listener = net.createServer((socket) => door.take(socket)).listen(0, '127.0.0.1');
  await once(listener, 'listening');
  port = (listener.address() as net.AddressInfo).port;
  closing.push(
    () => server.app.close(),
    () => listener.close(),
  );
  return server;
}

async function ask(path: string, body?: Buffer, type = 'application/dns-message') {
  const request = https.request({
    port,
    host: '127.0.0.1',
    servername: 'localhost',
    ca: pem('ca'),
    agent: false,
    path,
    ...(body && { method: 'POST', headers: { 'Content-Type': type, 'Content-Length': body.length } }),
  });
  request.end(body);
  const [response] = await once(request, 'response');
  const chunks: Buffer[] = [];
  for await (const chunk of response) chunks.push(chunk as Buffer);
  return { status: response.statusCode, headers: response.headers, text: Buffer.concat(chunks).toString() };
}

describe('/dns-query', () => {
  it('takes a message as a parameter or as a body, and says how long its reply is true', async () => {
    await start();
    for (const answer of [
      await ask(`/dns-query?dns=${message.toString('base64url')}`),
      await ask('/dns-query', message),
    ]) {
      expect(answer).toMatchObject({
        status: 200,
        text: 'reply',
        headers: { 'content-type': 'application/dns-message', 'cache-control': 'max-age=5' },
      });
    }
    expect(asked).toEqual(Array(2).fill({ message: message.toString('hex'), from: '127.0.0.1' }));
  });

  it.each([
    ['/dns-query', undefined, 400],
    ['/dns-query?dns=AA==', undefined, 400],
    ['/dns-query?dns=AAAA', undefined, 400],
    ['/dns-query', message.subarray(0, 14), 400],
    ['/dns-query', Buffer.alloc(70_000), 413],
  ])('refuses what is no message: %s', async (path, body, status) => {
    await start();
    expect((await ask(path, body)).status).toBe(status);
  });

  it('is not there on a connection that everybody can read', async () => {
    const { get } = await start();
    expect((await get(`/dns-query?dns=${message.toString('base64url')}`)).status).toBe(404);
    expect(asked).toEqual([]);
  });
});
