/** What every page says of a certificate that ends, in a real browser over HTTPS. */
import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { afterEach, expect, test } from 'vitest';
import { freePort } from '../support/free-port.ts';
import { makeAuthority } from '../support/made-certificates.ts';
import { describeWith } from '../support/needs-program.ts';
import { CHROMIUM, type PageServer, startPage } from '../support/open-page.ts';

let pages: PageServer | undefined;
let dir = '';
afterEach(async () => {
  await pages?.stop();
  fs.rmSync(dir, { recursive: true, force: true });
});

async function open(days: number) {
  dir = fs.mkdtempSync(path.join(os.tmpdir(), 'rollcall-page-tls-'));
  const authority = await makeAuthority();
  const { certificate, key } = await authority.sign(
    { dnsNames: ['localhost'], ipAddresses: ['127.0.0.1'] },
    days,
  );
  const [certFile, keyFile] = [path.join(dir, 'cert.pem'), path.join(dir, 'key.pem')];
  fs.writeFileSync(certFile, certificate);
  fs.writeFileSync(keyFile, key, { mode: 0o600 });
  const [http, dns, https] = [await freePort(), await freePort(), await freePort()];
  pages = await startPage({
    ports: { http, dns },
    config: { ports: { http, dns, https }, cert_file: certFile, key_file: keyFile },
  });
  const tab = await pages.newTab({ ignoreHTTPSErrors: true });
  return { tab, https };
}

describeWith(CHROMIUM, 'a certificate', () => {
  test('that ends soon is spoken of on every page, over HTTPS too', async () => {
    const { tab, https } = await open(9.5);
    await tab.open('services');
    const alert = tab.page.getByRole('alert').filter({ hasText: 'certificate' });
    await alert.waitFor();
    expect(await alert.textContent()).toBe('The certificate of this agent ends in 9 days');
    await tab.page.goto(`https://127.0.0.1:${https}/ui/`);
    await alert.waitFor();
    expect(await tab.page.locator('h1').first().textContent()).toContain('Ready for your first service');
  });

  test('that holds for long is not', async () => {
    const { tab } = await open(90);
    await tab.open('agent');
    await tab.page.getByText('identity', { exact: true }).first().waitFor();
    const card = tab.page
      .locator('section')
      .filter({ has: tab.page.getByText('certificates', { exact: true }) });
    expect(await card.last().textContent()).toContain('https');
    expect(await tab.page.getByRole('alert').filter({ hasText: 'certificate' }).count()).toBe(0);
    expect(tab.troubles()).toEqual([]);
  });
});
