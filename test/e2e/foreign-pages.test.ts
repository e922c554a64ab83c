/**
 * What pages of other web sites can do to an agent on the same machine, with a real browser that trusts the one and the
 * other as it does outside: write blindly, call themselves by a name that leads here, show the agent in a frame.
 */
import { once } from 'node:events';
import http from 'node:http';
import type { AddressInfo } from 'node:net';
import { type Browser, chromium, type Page } from 'playwright-core';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { describeWith } from '../support/needs-program.ts';
import { CHROMIUM } from '../support/open-page.ts';
import { type RunningAgent, startAgent } from '../support/start-agent.ts';

describeWith(CHROMIUM, 'a page of another site', () => {
  let agent: RunningAgent;
  let browser: Browser;
  let page: Page;
  const site = http.createServer((_request, response) => {
    response.setHeader('Content-Type', 'text/html').end('<!doctype html><title>evil</title><body>');
  });

  beforeAll(async () => {
    agent = await startAgent();
    site.listen(0, '127.0.0.1');
    await once(site, 'listening');
    browser = await chromium.launch({
      executablePath: CHROMIUM,
      args: ['--no-sandbox', '--disable-gpu', '--host-resolver-rules=MAP *.example 127.0.0.1'],
    });
    page = await browser.newPage();
    await page.goto(`http://evil.example:${(site.address() as AddressInfo).port}/`);
  });
  afterAll(async () => {
    await browser?.close();
    site.close();
    await agent?.stop();
  });

  const inAgent = async (path: string): Promise<unknown> => (await fetch(agent.httpUrl + path)).json();

  test('writes nothing, whatever it calls its body', async () => {
    const tried = await page.evaluate(async (url) => {
      const tries = ['text/plain', 'application/x-www-form-urlencoded', undefined].map(async (type) => {
        const body = '{"Name":"planted","Service":{"Service":"web"}}';
        const headers = type === undefined ? undefined : { 'Content-Type': type };
        await fetch(`${url}/v1/query`, {
          method: 'POST',
          mode: 'no-cors',
          body,
          ...(headers && { headers }),
        });
        await fetch(`${url}/v1/kv/planted`, { method: 'PUT', body }).catch(() => {});
      });
      await Promise.all(tries);
      return tries.length;
    }, agent.httpUrl);
    expect(tried).toBe(3);
    expect(await inAgent('/v1/query')).toEqual([]);
    expect(await inAgent('/v1/kv/?keys')).toEqual([]);
  });

  test('sends no form', async () => {
    const sender = await browser.newPage();
    await sender.goto(page.url());
    await sender.setContent(
      `<form method="post" enctype="text/plain" action="${agent.httpUrl}/v1/query">
       <input name='{"Name":"planted","Token":"' value='"}'><button>win</button></form>`,
    );
    const [answer] = await Promise.all([
      sender.waitForResponse((response) => response.url().endsWith('/v1/query')),
      sender.getByText('win').click(),
    ]);
    expect(answer.status()).toBe(403);
    expect(await inAgent('/v1/query')).toEqual([]);
    await sender.close();
  });

  test('does not become the agent by a name that leads here', async () => {
    const rebound = await browser.newPage();
    for (const path of ['/v1/agent/self', '/v1/kv/?keys', '/ui/', '/metrics']) {
      const answer = await rebound.goto(`http://rebound.example:${agent.httpPort}${path}`);
      expect([path, answer?.status()]).toEqual([path, 403]);
    }
    expect((await rebound.goto(`${agent.httpUrl}/v1/agent/self`))?.status()).toBe(200);
    await rebound.close();
  });

  test('shows nothing of the agent in a frame', async () => {
    for (const path of ['/ui/', '/v1/agent/self']) {
      const framing = await browser.newPage();
      await framing.goto(page.url());
      await framing.setContent(`<iframe src="${agent.httpUrl}${path}"></iframe>`);
      const shown = (): string => framing.frames()[1]?.url() ?? '';
      await expect.poll(shown, { timeout: 10_000 }).toMatch(/^chrome-error:/);
      await framing.close();
    }
  });
});
