/** Headers of all answers: which of them the configuration replaces, and which belong to the API alone. */
import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { HttpConfig, LiveHttpConfig } from '../../../src/http/http-parts.ts';
import { startHttp, type TestServer } from '../../support/http-server.ts';

let uiDir = '';
beforeAll(() => {
  uiDir = fs.mkdtempSync(path.join(os.tmpdir(), 'rollcall-page-'));
  fs.writeFileSync(path.join(uiDir, 'index.html'), '<p>page</p>');
});
afterAll(() => fs.rmSync(uiDir, { recursive: true }));

function start(
  responseHeaders: LiveHttpConfig['responseHeaders'],
  config: Partial<HttpConfig> = {},
): Promise<TestServer> {
  const live: LiveHttpConfig = { nodeMeta: {}, responseHeaders, debugConfig: {}, configSources: {} };
  return startHttp({ isUiEnabled: true, uiDir, ...config }, { live: () => live });
}

describe('configured headers', () => {
  test.each(['X-Frame-Options', 'x-frame-options', 'X-FRAME-OPTIONS'])(
    'win on the page, however they are spelled (%s)',
    async (name) => {
      const { get } = await start({ [name]: 'SAMEORIGIN', 'content-security-policy': 'frame-ancestors *' });
      const { headers, text } = await get('/ui/');
      expect(text).toBe('<p>page</p>');
      expect(headers['x-frame-options']).toBe('SAMEORIGIN');
      expect(headers['content-security-policy']).toBe('frame-ancestors *');
      expect(headers['x-content-type-options']).toBe('nosniff');
    },
  );

  test('leave the page its own where they say nothing', async () => {
    const { headers } = await (await start({ 'X-Other': 'yes' })).get('/ui/');
    expect([headers['x-frame-options'], headers['x-other']]).toEqual(['DENY', 'yes']);
  });

  test('replace those of every answer, once each', async () => {
    const { get } = await start({ vary: '*', 'x-consul-default-acl-policy': 'deny' });
    const { headers } = await get('/v1/catalog/nodes');
    expect([headers['vary'], headers['x-consul-default-acl-policy']]).toEqual(['*', 'deny']);
  });

  test('do not replace what an answer says of itself', async () => {
    const { get } = await start({ 'content-type': 'x/y', 'x-consul-index': '77' });
    const { headers } = await get('/v1/catalog/nodes');
    expect(headers['content-type']).toBe('application/json');
    expect(headers['x-consul-index']).not.toBe('77');
  });
});

describe('X-Consul-Translate-Addresses', () => {
  const name = 'x-consul-translate-addresses';

  test('is on every answer of the API, as in Consul, where addresses are translated', async () => {
    const { get, put, request } = await start(
      {},
      { isTranslating: true, blockEndpoints: ['/v1/agent/self'] },
    );
    for (const answer of [
      await get('/v1/catalog/nodes'),
      await get('/v1/catalog/nodes'),
      await get('/v1/status/leader'),
      await get('/v1/kv/none'),
      await get('/v1/agent/self'),
      await put('/v1/catalog/nodes'),
      await request('OPTIONS', '/v1/catalog/nodes'),
    ])
      expect(answer.headers[name]).toBe('true');
  });

  test('is not on the page, on redirects and on paths that are not there', async () => {
    const { get } = await start({}, { isTranslating: true });
    for (const url of ['/ui/', '/', '/v1/nope', '/v1//catalog/nodes'])
      expect((await get(url)).headers[name]).toBeUndefined();
  });

  test('is nowhere without translation', async () => {
    const { get } = await start({});
    expect((await get('/v1/catalog/nodes')).headers[name]).toBeUndefined();
  });
});
