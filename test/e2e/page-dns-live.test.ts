/**
 * What DNS clients ask, on the page, by one click: names, what is not there, and how it was answered; the log stays quiet.
 */
import { afterAll, beforeAll, expect, test } from 'vitest';
import { queryPacket } from '../support/dns-rig.ts';
import { askUdp } from '../support/dns-sockets.ts';
import { describeWith } from '../support/needs-program.ts';
import { CHROMIUM, type PageServer, startPage } from '../support/open-page.ts';

describeWith(CHROMIUM, 'live questions', () => {
  let server: PageServer;
  beforeAll(async () => {
    server = await startPage({ config: { dns_config: { threads: 1 } } });
    await server.put('/v1/agent/service/register', { Name: 'web', Address: '10.0.0.1' });
  });
  afterAll(() => server?.stop());

  test('are shown while somebody listens, from all threads, and leave no line in the log', async () => {
    const { page, open, troubles, close } = await server.newTab();
    await open('dns');
    const ask = async (times: number): Promise<void> => {
      for (let n = 0; n < times; n++)
        for (const name of ['web', 'web', 'nowhere'])
          await askUdp(server.agent.dnsPort, queryPacket(`${name}.service.consul`, 'A'), {
            timeoutMs: 1_000,
          });
    };
    const live = page.locator('.card', { hasText: 'Live questions' });
    await live.getByRole('button', { name: 'Listen' }).click();
    await live.getByText('Nobody has asked yet.').waitFor();
    await ask(4);
    const most = live.getByRole('region', { name: 'Asked most' });
    const absent = live.getByRole('region', { name: 'Not there (NXDOMAIN)' });
    await most.locator('li').first().getByText('web.service.consul').waitFor();
    await absent.getByText('nowhere.service.consul').waitFor();
    expect(await absent.getByText('web.service.consul').count()).toBe(0);
    await live.getByRole('img', { name: /NXDOMAIN [1-9]/ }).waitFor();
    await live.locator('.lines a', { hasText: 'nowhere' }).first().click();
    await page.getByText('NXDOMAIN').first().waitFor();
    await live.getByRole('button', { name: 'Stop' }).click();
    await live.getByRole('button', { name: 'Listen' }).waitFor();
    expect(server.agent.output()).not.toContain('dns query');
    expect(troubles()).toEqual([]);
    await close();
  });
});
