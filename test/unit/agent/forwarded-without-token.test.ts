/** What another agent passes on without a token is asked by nobody: the default token of whoever answers is not lent to it. */
import { expect, test } from 'vitest';
import { makeForward } from '../../../src/agent/client/forward-http.ts';
import { makeAnswerFarQuery } from '../../../src/agent/far-queries.ts';
import { ForwardedHttp, type HttpPiece, type HttpRequest } from '../../../src/agent/forwarded-http.ts';
import { DNS_DEFAULTS } from '../../../src/dns/dns-config.ts';
import { ALLOW_ALL } from '../../../src/http/access/right.ts';
import type { AskedWith } from '../../../src/http/access/sent-token.ts';
import type { Call } from '../../../src/http/call-and-reply.ts';
import type { QueryRow } from '../../../src/model/types.ts';
import type { RpcCall } from '../../../src/rpc/rpc-server.ts';
import { ROOT, startAclServer } from '../../support/acl-server.ts';
import { startCatalog } from '../../support/catalog.ts';
import { seededRandom } from '../../support/seeded-random.ts';

test('the default token of a server is for its own clients', async () => {
  const server = await startAclServer();
  await server.as(ROOT).put('/v1/kv/a', 'x');
  await server.tokens.set('default', await server.grant('key_prefix "" { policy = "read" }'));
  const { http: ask } = new ForwardedHttp(() => server.app).methods();
  const forwarded = async (headers: Record<string, string>, url = '/v1/kv/a?raw'): Promise<unknown> => {
    const pieces: HttpPiece[] = [];
    const call = {
      peer: { remoteAddress: '10.0.0.9' },
      signal: new AbortController().signal,
      send: async (piece: HttpPiece) => void pieces.push(piece),
    };
    await ask({ method: 'GET', url, headers }, call as unknown as RpcCall);
    return pieces[0]?.status;
  };
  expect((await server.as('').get('/v1/kv/a?raw')).text).toBe('x');
  expect(await forwarded({})).toBe(403);
  expect(await forwarded({}, '/v1/acl/token/self')).toBe(403);
  expect(await forwarded({ 'x-consul-token': ROOT })).toBe(200);
});

test('an agent adds its default token for its own clients, not for those of another agent', async () => {
  const sent: unknown[] = [];
  const forward = makeForward({
    link: {
      call: async (_method, request, options) => {
        sent.push((request as HttpRequest).headers['x-consul-token']);
        void options?.onMessage?.({ status: 200, headers: {}, isWhole: true });
        return { kind: 'answered', value: undefined };
      },
    },
    nodeName: '',
    newId: () => 'id',
    defaultToken: () => 'own',
  });
  const call = {
    method: 'GET',
    url: '/v1/kv/a',
    headers: {},
    query: {},
    body: Buffer.alloc(0),
    upload: undefined,
    remoteAddress: '10.0.0.9',
    isForwarded: false,
    signal: () => new AbortController().signal,
  } as unknown as Call;
  await forward(call);
  await forward({ ...call, isForwarded: true } as Call);
  await forward({ ...call, headers: { 'x-consul-token': 'theirs' } } as Call);
  expect(sent).toEqual(['own', undefined, 'theirs']);
});

test('nor is it lent to a prepared query of another datacenter', async () => {
  const { state } = await startCatalog();
  const asked: AskedWith[] = [];
  const answer = makeAnswerFarQuery({
    view: state.view,
    dnsConfig: () => DNS_DEFAULTS,
    authorizerOf: (request) => {
      asked.push(request);
      return ALLOW_ALL;
    },
    random: seededRandom(1),
  });
  const document = {
    Token: '',
    Template: { Type: '', Regexp: '', RemoveEmptyTags: false },
    Service: {
      Service: 'web',
      Failover: { NearestN: 0, Datacenters: null },
      OnlyPassing: false,
      IgnoreCheckIDs: null,
      Near: '',
      Tags: null,
      NodeMeta: null,
      ServiceMeta: null,
      Connect: false,
    },
    DNS: { TTL: '' },
  };
  const query = { id: 'q', name: 'q', isTemplate: false, session: '', document } as unknown as QueryRow;
  answer({ query, limit: 0, isConnect: false, token: '' });
  expect(asked).toMatchObject([{ headers: {}, isForwarded: true }]);
});
