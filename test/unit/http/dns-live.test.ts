import { once } from 'node:events';
import http from 'node:http';
import type { AddressInfo } from 'node:net';
import { expect, test } from 'vitest';
import type { Authorizer } from '../../../src/http/access/right.ts';
import type { HttpParts, QuestionBatch } from '../../../src/http/http-parts.ts';
import { ROOT, startAclServer } from '../../support/acl-server.ts';
import { startHttp } from '../../support/http-server.ts';

const QUESTION = {
  atMs: Date.UTC(2026, 0, 1),
  client: '10.0.0.7',
  transport: 'udp',
  name: 'web.service.consul.',
  type: 'A',
  rcode: 'NOERROR',
  answers: 2,
  elapsedMs: 0.12345,
};

/** Somebody who has questions to show, and counts who watches. */
function asked() {
  const watchers = new Set<(batch: QuestionBatch) => void>();
  const watchDns: HttpParts['watchDns'] = (onBatch) => {
    watchers.add(onBatch);
    return () => void watchers.delete(onBatch);
  };
  const tell = (batch: QuestionBatch): void => {
    for (const watcher of watchers) watcher(batch);
  };
  return { watchers, watchDns, tell };
}

async function until(holds: () => boolean): Promise<void> {
  while (!holds()) await new Promise((resolve) => setImmediate(resolve));
}

test('a reader is told line by line, and nobody watches once it has gone', async () => {
  const { watchers, watchDns, tell } = asked();
  const { app, clock } = await startHttp({}, { watchDns });
  await app.listen({ host: '127.0.0.1', port: 0 });
  const { port } = app.server.address() as AddressInfo;
  const request = http.get({ host: '127.0.0.1', port, path: '/v1/dns/live' });
  const [response] = (await once(request, 'response')) as [http.IncomingMessage];
  const lines: string[] = [];
  response.setEncoding('utf8').on('data', (piece: string) => void lines.push(piece));
  response.on('error', () => {});
  expect(response.headers['content-type']).toBe('application/x-ndjson');
  tell({ seen: 0, questions: [] });
  tell({ seen: 9, questions: [QUESTION] });
  await until(() => lines.length > 0);
  expect(lines.map((line) => JSON.parse(line) as unknown)).toEqual([
    {
      Seen: 9,
      Questions: [
        {
          Time: '2026-01-01T00:00:00.000Z',
          Name: 'web.service.consul.',
          Type: 'A',
          Rcode: 'NOERROR',
          Answers: 2,
          ElapsedMs: 0.123,
          Client: '10.0.0.7',
          Transport: 'udp',
        },
      ],
    },
  ]);
  clock.advance(15_000);
  tell({ seen: 0, questions: [] });
  await until(() => lines.length > 1);
  expect(watchers.size).toBe(1);
  request.destroy();
  await until(() => watchers.size === 0);
  await app.close();
});

test('an agent without DNS says so, and whoever may not read the agent may not watch', async () => {
  const { get } = await startHttp();
  expect((await get('/v1/dns/live')).status).toBe(404);
  const nobody: Authorizer = { isUnlimited: false, group: '', accessorId: '', allows: () => false };
  const { watchers, watchDns } = asked();
  const closed = await startHttp({}, { watchDns, authorizerOf: () => nobody });
  expect((await closed.get('/v1/dns/live')).status).toBe(403);
  expect(watchers.size).toBe(0);
});

test('a reader whose token is deleted is told no more, and nobody watches for it', async () => {
  const { watchers, watchDns, tell } = asked();
  const server = await startAclServer({ watchDns });
  const secret = await server.grant('agent_prefix "" { policy = "read" }');
  const self = (await server.as(secret).get('/v1/acl/token/self')).json() as { AccessorID: string };
  const url = await server.app.listen({ host: '127.0.0.1', port: 0 });
  const answer = await fetch(`${url}/v1/dns/live`, { headers: { 'X-Consul-Token': secret } });
  await server.as(ROOT).delete(`/v1/acl/token/${self.AccessorID}`);
  await expect.poll(() => watchers.size).toBe(0);
  tell({ seen: 9, questions: [QUESTION] });
  expect(await answer.text()).toBe('');
  await server.app.close();
});

test('nobody watches for a client that hung up while its token was looked up', async () => {
  const { watchers, watchDns } = asked();
  const lookedUp = Promise.withResolvers<void>();
  const looking = Promise.withResolvers<void>();
  const began = Promise.withResolvers<void>();
  const { app } = await startHttp(
    {},
    {
      watchDns: (onBatch) => {
        began.resolve();
        return watchDns?.(onBatch);
      },
      knowAsker: () => {
        looking.resolve();
        return lookedUp.promise;
      },
    },
  );
  const hungUp = Promise.withResolvers<void>();
  app.server.on('connection', (socket) => socket.once('close', () => setImmediate(hungUp.resolve)));
  await app.listen({ host: '127.0.0.1', port: 0 });
  const { port } = app.server.address() as AddressInfo;
  const request = http.get({ host: '127.0.0.1', port, path: '/v1/dns/live' }).on('error', () => {});
  await looking.promise;
  request.destroy();
  await hungUp.promise;
  lookedUp.resolve();
  await began.promise;
  await expect.poll(() => watchers.size).toBe(0);
  await app.close();
});
